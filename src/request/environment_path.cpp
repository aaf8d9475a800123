// An unknown key is refused with the nearest known one.
#include "request/environment_path.hpp"

#include "request/nearest.hpp"
#include "request/shorten.hpp"
#include "request/target.hpp"

namespace dj_deploy {

namespace {

bool is_plain(std::string_view key)
{
    const auto is_word = [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
               byte == '_';
    };
    return !key.empty() && std::all_of(key.begin(), key.end(), is_word);
}

// "a", "b" and "c"
const char *list_of(std::span<const char *const> keys)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (std::size_t index = 0; index < keys.size(); index++)
        ::appendStringInfo(&text, "%s\"%s\"",
                           index == 0                 ? ""
                           : index + 1 == keys.size() ? " and "
                                                      : ", ",
                           keys[index]);
    return text.data;
}

[[noreturn]] void refuse_key(const Path &path, const char *key, std::span<const char *const> known_keys)
{
    const char *near = nearest_names(key, known_keys);
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("invalid environment: %s is not a known key", path.text),
            near != nullptr          ? errhint("Perhaps you meant %s.", near)
            : known_keys.size() == 1 ? errhint("The key there is %s.", list_of(known_keys))
                                     : errhint("The keys there are %s.", list_of(known_keys)));
    ::pg_unreachable();
}

} // namespace

void name_place(void *path)
{
    errcontext("environment at %s", static_cast<const char *>(path));
}

Path Path::key(const char *key) const
{
    const char *shown = shorten(key);
    if (is_plain(shown))
        return {::psprintf("%s.%s", text, shown)};
    ::StringInfoData quoted;
    ::initStringInfo(&quoted);
    ::escape_json(&quoted, shown);
    return {::psprintf("%s.%s", text, quoted.data)};
}

Path Path::element(std::size_t index) const
{
    return {::psprintf("%s[%zu]", text, index)};
}

void refuse(const Path &path, const char *reason)
{
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("invalid environment: %s %s", path.text, reason));
    ::pg_unreachable();
}

void require_name_at(const Path &path, const char *what, const char *name)
{
    with_place(path, [&] { require_name(what, name); });
}

void require_object(const Path &path, const JsonValue &value)
{
    if (!value.is_object())
        refuse(path, "must be an object");
}

Array<JsonValue> require_array(const Path &path, const JsonValue &value)
{
    if (!value.is_array())
        refuse(path, "must be an array");
    return elements_of(value);
}

const char *require_string(const Path &path, const JsonValue &value)
{
    if (!value.is_string())
        refuse(path, "must be a string");
    return value.text();
}

bool require_boolean(const Path &path, const JsonValue &value)
{
    if (!value.is_boolean())
        refuse(path, "must be true or false");
    return value.boolean();
}

Array<JsonMember> require_members(const Path &path, const JsonValue &value,
                                  std::span<const char *const> known_keys)
{
    require_object(path, value);
    const Array<JsonMember> members = members_of(value);
    for (const JsonMember &member : members) {
        const auto is_key = [&](const char *known) { return std::string_view(known) == member.key; };
        if (std::none_of(known_keys.begin(), known_keys.end(), is_key))
            refuse_key(path.key(member.key), member.key, known_keys);
    }
    return members;
}

} // namespace dj_deploy
