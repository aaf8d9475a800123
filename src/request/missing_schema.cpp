// Looks a name up as somebody may have meant it: with its quotes, in another case, as a table.
#include "request/missing_schema.hpp"

#include "pg/query.hpp"
#include "request/nearest.hpp"

namespace dj_deploy {

namespace {

constexpr const char *schema_names_sql = R"(
    SELECT n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY n.nspname)";

constexpr const char *written_name_sql = R"(
    SELECT pg_catalog.quote_literal(pg_catalog.format('%I.%I', n.nspname, c.relname))
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = $1 AND c.relkind IN ('r', 'p')
    ORDER BY c.oid)";

// Without the double quotes around it.
const char *bare_name(std::string_view name)
{
    const bool is_quoted = name.size() > 2 && name.starts_with('"') && name.ends_with('"');
    if (is_quoted) {
        name.remove_prefix(1);
        name.remove_suffix(1);
    }
    return ::pnstrdup(name.data(), name.size());
}

// The relation of that name, qualified or not; InvalidOid when there is none.
::Oid find_relation(std::string_view name)
{
    for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1)) {
        const std::string_view qualifier(name.begin(), name.begin() + dot);
        const std::string_view rest(name.begin() + dot + 1, name.end());
        const ::Oid schema = ::get_namespace_oid(bare_name(qualifier), true);
        const ::Oid found = ::get_relname_relid(bare_name(rest), schema);
        if (OidIsValid(found))
            return found;
    }
    return ::RelnameGetRelid(bare_name(name));
}

// 'lab.session' for a table of that name; null when there is none.
const char *written_table(const char *name)
{
    const char *written = nullptr;
    query(
        written_name_sql, [&](const Row &row) { written = row.string(1); }, find_relation(name));
    return written;
}

// An untyped '{lab,ephys}' is a text.
bool is_array_literal(std::string_view name)
{
    return name.starts_with('{') && name.ends_with('}');
}

// "lab", if that differs in case or quotes alone; else the nearest, or null.
const char *near_schemas(const char *name)
{
    const char *bare = bare_name(name);
    Array<const char *> known;
    query(schema_names_sql, [&](const Row &row) { known.push(row.name(1)); });
    for (const char *schema : known)
        if (::pg_strcasecmp(schema, bare) == 0)
            return ::psprintf("\"%s\"", schema);
    return nearest_names(bare, known.view());
}

} // namespace

void raise_missing_schema(const char *name)
{
    const char *table = written_table(name);
    const char *near = table == nullptr ? near_schemas(name) : nullptr;
    ereport(ERROR, errcode(ERRCODE_UNDEFINED_SCHEMA), errmsg("schema \"%s\" does not exist", name),
            is_array_literal(name) ? errhint("For several schemas write ARRAY['lab', 'ephys'].")
            : table != nullptr     ? errhint("For the table write %s::regclass.", table)
            : near != nullptr      ? errhint("Perhaps you meant %s.", near)
                                   : 0);
    ::pg_unreachable();
}

} // namespace dj_deploy
