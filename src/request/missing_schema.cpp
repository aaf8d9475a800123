// Looks a name up as somebody may have meant it: with its quotes, in another case, as a table.
#include "request/missing_schema.hpp"

#include "pg/query.hpp"
#include "request/nearest.hpp"
#include "request/system_schema.hpp"

namespace dj_deploy {

namespace {

constexpr const char *schema_names_sql = R"(
    SELECT n.nspname
    FROM pg_catalog.pg_namespace n
    ORDER BY n.nspname)";

constexpr const char *written_name_sql = R"(
    SELECT pg_catalog.quote_literal(pg_catalog.format('%I.%I', n.nspname, c.relname))
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = $1
    ORDER BY c.oid)";

// Without the double quotes around it, and with those in it as they are meant: Weird "S* of "Weird ""S*".
const char *bare_name(std::string_view name)
{
    const bool is_quoted = name.size() > 2 && name.starts_with('"') && name.ends_with('"');
    if (!is_quoted)
        return ::pnstrdup(name.data(), name.size());
    name.remove_prefix(1);
    name.remove_suffix(1);
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (std::size_t index = 0; index < name.size(); index++) {
        appendStringInfoChar(&text, name[index]);
        index += name[index] == '"' && index + 1 < name.size() && name[index + 1] == '"';
    }
    return text.data;
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

// Null when there is no such relation, and for one of the server's own.
const char *hint_at_relation(::Oid relation, Nameable nameable)
{
    const char *schema = ::get_namespace_name(::get_rel_namespace(relation));
    if (schema == nullptr || is_system_schema(schema))
        return nullptr;
    const char relkind = ::get_rel_relkind(relation);
    if (!is_nameable(relkind, nameable))
        return ::psprintf("Perhaps you meant \"%s\".", schema);
    const char *hint = nullptr;
    query(
        written_name_sql,
        [&](const Row &row) {
            hint = ::psprintf("For the %s write %s::regclass.",
                              is_nameable(relkind, Nameable::tables) ? "table" : "relation", row.string(1));
        },
        relation);
    return hint;
}

// An untyped '{lab,ephys}' is a text, and so is 'lab,ephys'.
bool is_list(std::string_view name)
{
    return (name.starts_with('{') && name.ends_with('}')) || name.find(',') != name.npos;
}

// "lab", if that differs in case or quotes alone; else the nearest, or null.
const char *near_schemas(const char *name)
{
    const char *bare = bare_name(name);
    Array<const char *> known;
    query(schema_names_sql, [&](const Row &row) {
        if (const char *schema = row.name(1); !is_system_schema(schema))
            known.push(schema);
    });
    for (const char *schema : known)
        if (::pg_strcasecmp(schema, bare) == 0)
            return ::psprintf("\"%s\"", schema);
    return nearest_names(bare, known.view());
}

// Null when nothing is like it.
const char *find_hint(const char *name, Nameable nameable)
{
    if (const char *hint = hint_at_relation(find_relation(name), nameable))
        return hint;
    if (is_list(name) && nameable != Nameable::schema)
        return "For several schemas write ARRAY['lab', 'ephys'].";
    const char *near = near_schemas(name);
    return near != nullptr ? ::psprintf("Perhaps you meant %s.", near) : nullptr;
}

} // namespace

void raise_missing_schema(const char *name, Nameable nameable)
{
    const char *hint = find_hint(name, nameable);
    ereport(ERROR, errcode(ERRCODE_UNDEFINED_SCHEMA), errmsg("schema \"%s\" does not exist", name),
            hint != nullptr ? errhint("%s", hint) : 0);
    ::pg_unreachable();
}

} // namespace dj_deploy
