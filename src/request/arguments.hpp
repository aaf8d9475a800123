// The arguments of a call, by the names that the SQL declaration gives them.
// Every getter refuses NULL with 22004 and says which argument it was, but for those of optional arguments.
#pragma once

#include "pg/json.hpp"
#include "pg/query.hpp"

namespace dj_deploy {

struct Arguments {
    ::FunctionCallInfo call;
    char **names;
    int count;

    // Reads the names from pg_proc.
    static Arguments of(::FunctionCallInfo call);

    bool has(std::string_view name) const;
    bool boolean(std::string_view name) const { return DatumGetBool(value(name)); }
    std::int32_t integer(std::string_view name) const { return DatumGetInt32(value(name)); }
    const ::Interval &interval(std::string_view name) const { return *DatumGetIntervalP(value(name)); }
    ::Oid oid(std::string_view name) const { return DatumGetObjectId(value(name)); }
    const char *string(std::string_view name) const;
    Array<const char *> strings(std::string_view name) const; // 22004 for a NULL among them, too
    const char *optional_string(std::string_view name) const; // null for NULL
    JsonValue json(std::string_view name) const { return JsonValue::of(value(name)); }

private:
    int position(std::string_view name) const; // -1 when the function has no such argument
    ::Datum value(std::string_view name) const;
};

} // namespace dj_deploy
