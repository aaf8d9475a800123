// Names to OIDs, and the refusals on the way.
#include "request/target.hpp"

#include "request/missing_schema.hpp"
#include "request/shorten.hpp"
#include "request/system_schema.hpp"

namespace dj_deploy {

namespace {

const char *kind_in_words(char relkind)
{
    switch (relkind) {
    case RELKIND_VIEW:
        return "a view";
    case RELKIND_MATVIEW:
        return "a materialized view";
    case RELKIND_SEQUENCE:
        return "a sequence";
    case RELKIND_INDEX:
    case RELKIND_PARTITIONED_INDEX:
        return "an index";
    case RELKIND_FOREIGN_TABLE:
        return "a foreign table";
    case RELKIND_COMPOSITE_TYPE:
        return "a composite type";
    case RELKIND_TOASTVALUE:
        return "a TOAST table";
    default:
        return "not a table";
    }
}

// A table may be dropped between two look-ups; the last of them decides.
[[noreturn]] void raise_missing_table(::Oid table)
{
    ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", table));
    ::pg_unreachable();
}

} // namespace

bool is_nameable(char relkind, Nameable nameable)
{
    switch (relkind) {
    case RELKIND_RELATION:
    case RELKIND_PARTITIONED_TABLE:
        return nameable >= Nameable::tables;
    case RELKIND_MATVIEW:
        return nameable >= Nameable::materialized_views;
    case RELKIND_VIEW:
    case RELKIND_FOREIGN_TABLE:
        return nameable == Nameable::relations;
    default:
        return false;
    }
}

::Oid resolve_schema(const char *name, Nameable nameable)
{
    if (is_system_schema(name))
        ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                errmsg("permission denied: \"%s\" is a system schema", name));
    const ::Oid schema = ::get_namespace_oid(name, true);
    if (!OidIsValid(schema))
        raise_missing_schema(name, nameable);
    return schema;
}

::Oid resolve_table(::Oid table, Nameable nameable)
{
    const char *name = ::get_rel_name(table);
    const char *schema = ::get_namespace_name(::get_rel_namespace(table));
    const char relkind = ::get_rel_relkind(table);
    if (name == nullptr || schema == nullptr || relkind == '\0')
        raise_missing_table(table);
    if (!is_nameable(relkind, nameable))
        ereport(ERROR, errcode(ERRCODE_WRONG_OBJECT_TYPE),
                errmsg("target must be a schema or table; \"%s.%s\" is %s", schema, name,
                       kind_in_words(relkind)));
    if (is_system_schema(schema))
        ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                errmsg("permission denied: table \"%s.%s\" is in a system schema", schema, name));
    return table;
}

Target Target::of_schema(::Oid schema)
{
    Target target{};
    target.schemas.push(schema);
    return target;
}

bool Target::has_schema(::Oid schema) const
{
    return std::binary_search(schemas.begin(), schemas.end(), schema);
}

void require_name(const char *what, const char *name)
{
    const std::size_t length = std::string_view(name).size();
    if (length == 0)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s name must not be empty", what));
    if (length >= NAMEDATALEN)
        ereport(ERROR, errcode(ERRCODE_NAME_TOO_LONG),
                errmsg("%s name \"%s\" is too long", what, shorten(name)),
                errdetail("The name has %zu bytes; a name has at most %d.", length, NAMEDATALEN - 1));
}

NamedTarget request_target(const Arguments &arguments)
{
    NamedTarget named{};
    if (arguments.has("target")) {
        named.table = arguments.oid("target");
        return named;
    }
    if (arguments.has("schemas")) {
        named.schemas = arguments.strings("schemas");
        if (named.schemas.is_empty())
            ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("schemas must not be empty"));
    } else {
        named.schemas.push(arguments.string("schema"));
    }
    for (const char *schema : named.schemas)
        require_name("schema", schema);
    return named;
}

Target resolve_target(const NamedTarget &named, Nameable nameable)
{
    if (named.schemas.is_empty())
        return Target::of_table(resolve_table(named.table, nameable));
    Target target{};
    for (const char *schema : named.schemas)
        target.schemas.push(resolve_schema(schema, nameable));
    sort_unique(target.schemas);
    return target;
}

} // namespace dj_deploy
