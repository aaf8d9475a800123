// Places in the environment document, and the refusals that name them. All raise 22023.
#pragma once

#include "pg/json.hpp"

namespace dj_deploy {

void name_place(void *path);

struct Path {
    const char *text; // $.schemas.lab.tables."~log", overlong keys shortened

    Path key(const char *key) const;
    Path element(std::size_t index) const;
};

// Runs step(); what goes wrong in it has the place in its context.
template <class Step>
void with_place(const Path &path, Step &&step)
{
    ::ErrorContextCallback callback{
        .previous = error_context_stack, .callback = name_place, .arg = const_cast<char *>(path.text)};
    error_context_stack = &callback;
    step();
    error_context_stack = callback.previous;
}

[[noreturn]] void refuse(const Path &path, const char *reason);

// Refuses a name as require_name() does, with its place.
void require_name_at(const Path &path, const char *what, const char *name);

void require_object(const Path &path, const JsonValue &value);
Array<JsonValue> require_array(const Path &path, const JsonValue &value);
const char *require_string(const Path &path, const JsonValue &value);
bool require_boolean(const Path &path, const JsonValue &value);

// The members of an object all of whose keys are known.
Array<JsonMember> require_members(const Path &path, const JsonValue &value,
                                  std::span<const char *const> known_keys);

} // namespace dj_deploy
