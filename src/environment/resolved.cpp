// Each schema is read once, for all that the document says of its tables.
#include "environment/resolved.hpp"

#include "catalog/ancestors.hpp"
#include "request/target.hpp"

namespace dj_deploy {

namespace {

constexpr Scope scope = {.has_hidden = true, .has_members = true, .has_options = true};

// Whether what is said of a schema is said of the partitions of this table of it, too.
bool brings_partitions(::Oid partitioned)
{
    const char *name = ::get_rel_name(partitioned);
    return name != nullptr && name[0] != '~' &&
           !OidIsValid(::getExtensionOfObject(RelationRelationId, partitioned));
}

void resolve_tables(::Oid schema, const SchemaSettings &settings, Array<NamedTable> &named)
{
    for (const TableSettings &table : settings.tables) {
        const ::Oid oid = ::get_relname_relid(table.name, schema);
        const bool is_table = is_nameable(::get_rel_relkind(oid), Nameable::tables);
        if (!table.must_exist && !is_table)
            continue;
        if (!OidIsValid(oid))
            ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE),
                    errmsg("table \"%s.%s\" does not exist", settings.name, table.name),
                    errdetail("The environment names it at %s.", table.path));
        if (!is_table)
            ereport(ERROR, errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("\"%s.%s\" is not a table", settings.name, table.name),
                    errdetail("The environment names it at %s.", table.path));
        with_place({table.path}, [&] { resolve_table(oid); });
        named.push({.oid = oid, .settings = &table});
    }
}

// The partitioned tables above a table, the root first.
Array<::Oid> tables_above(const Table &table)
{
    const Array<::Oid> ancestors = table.is_partition ? read_ancestors(table.oid) : Array<::Oid>{};
    std::reverse(ancestors.begin(), ancestors.end());
    return ancestors;
}

// The rule of counts(), with the tables above.
bool counts_below(const Key &key, ::Oid schema, const Table &table, std::span<const ::Oid> above)
{
    const bool is_own = schema == table.schema_oid && !table.is_member;
    if (is_own && (key.counts_for_hidden || !table.is_hidden()))
        return true;
    return std::any_of(above.begin(), above.end(), [&](::Oid partitioned) {
        return ::get_rel_namespace(partitioned) == schema && brings_partitions(partitioned);
    });
}

} // namespace

ResolvedSchema ResolvedSchema::of(::Oid schema, const SchemaSettings *settings,
                                  std::span<const ::Oid> members)
{
    return {.oid = schema,
            .settings = settings,
            .tables = read_tables(Target::of_schema(schema), scope, members)};
}

ResolvedEnvironment ResolvedEnvironment::of(const Environment &environment, Array<Remark> &notices)
{
    ResolvedEnvironment resolved{};
    resolved.members = read_extension_members();
    for (const CoveredSchema &schema : covered_schemas(environment, notices)) {
        resolve_tables(schema.oid, *schema.settings, resolved.named);
        resolved.schemas.push(ResolvedSchema::of(schema.oid, schema.settings, resolved.members.view()));
    }
    std::sort(resolved.named.begin(), resolved.named.end(),
              [](const NamedTable &left, const NamedTable &right) { return left.oid < right.oid; });
    return resolved;
}

const TableSettings *ResolvedEnvironment::find(::Oid table) const
{
    const NamedTable *found = find_sorted(named.view(), &NamedTable::oid, table);
    return found != nullptr ? found->settings : nullptr;
}

const SchemaSettings *ResolvedEnvironment::find_schema(::Oid schema) const
{
    for (const ResolvedSchema &resolved : schemas)
        if (resolved.oid == schema)
            return resolved.settings;
    return nullptr;
}

bool ResolvedEnvironment::counts(const Key &key, ::Oid schema, const Table &table)
{
    return counts_below(key, schema, table, tables_above(table).view());
}

void ResolvedEnvironment::add_values(const Key &key, const Table &table, Array<const void *> &values) const
{
    const auto add = [&](const Settings &settings, bool is_own) {
        const void *value = settings.find(key);
        if (value != nullptr && (is_own || key.counts_below(value)))
            values.push(value);
    };
    const Array<::Oid> above = tables_above(table);
    const auto add_schema = [&](::Oid schema) {
        const SchemaSettings *settings = find_schema(schema);
        if (settings != nullptr && counts_below(key, schema, table, above.view()))
            add(settings->settings, false);
    };
    for (const ::Oid partitioned : above)
        add_schema(::get_rel_namespace(partitioned));
    add_schema(table.schema_oid);
    for (const ::Oid partitioned : above)
        if (const TableSettings *settings = find(partitioned))
            add(settings->settings, false);
    if (const TableSettings *settings = find(table.oid))
        add(settings->settings, true);
}

} // namespace dj_deploy
