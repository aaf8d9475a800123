// Each schema is read once, for all that the document says of its tables.
#include "environment/resolved.hpp"

#include "catalog/ancestors.hpp"
#include "request/environment_path.hpp"
#include "request/target.hpp"

namespace dj_deploy {

namespace {

constexpr Scope scope = {.has_hidden = true, .has_members = true, .column = Anum_pg_class_reloptions};

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
        if (!OidIsValid(oid))
            ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE),
                    errmsg("table \"%s.%s\" does not exist", settings.name, table.name),
                    errdetail("The environment names it at %s.", table.path));
        with_place({table.path}, [&] { resolve_table(oid); });
        named.push({.oid = oid, .settings = &table});
    }
}

} // namespace

ResolvedSchema ResolvedSchema::of(::Oid schema, const SchemaSettings *settings)
{
    return {.oid = schema, .settings = settings, .tables = read_tables(Target::of_schema(schema), scope)};
}

ResolvedEnvironment ResolvedEnvironment::of(const Environment &environment)
{
    ResolvedEnvironment resolved{};
    for (const SchemaSettings &settings : environment.schemas) {
        ::Oid schema = InvalidOid;
        with_place(Path{"$.schemas"}.key(settings.name), [&] { schema = resolve_schema(settings.name); });
        resolve_tables(schema, settings, resolved.named);
        resolved.schemas.push(ResolvedSchema::of(schema, &settings));
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

Array<AppliedSettings> ResolvedEnvironment::settings_of(const Table &table) const
{
    Array<AppliedSettings> applied;
    const Array<::Oid> ancestors = table.is_partition ? read_ancestors(table.oid) : Array<::Oid>{};
    bool is_brought = false;
    for (std::size_t above = ancestors.count; above > 0; above--) {
        const ::Oid schema = ::get_rel_namespace(ancestors[above - 1]);
        const SchemaSettings *settings = find_schema(schema);
        if (settings == nullptr || !brings_partitions(ancestors[above - 1]))
            continue;
        is_brought |= schema == table.schema_oid;
        applied.push({.settings = &settings->settings, .is_own = false, .is_for_vacuum_only = false});
    }
    if (const SchemaSettings *settings = find_schema(table.schema_oid);
        settings != nullptr && !table.is_member)
        applied.push({.settings = &settings->settings,
                      .is_own = false,
                      .is_for_vacuum_only = table.is_hidden() && !is_brought});
    for (std::size_t above = ancestors.count; above > 0; above--)
        if (const TableSettings *settings = find(ancestors[above - 1]))
            applied.push({.settings = &settings->settings, .is_own = false, .is_for_vacuum_only = false});
    if (const TableSettings *settings = find(table.oid))
        applied.push({.settings = &settings->settings, .is_own = true, .is_for_vacuum_only = false});
    return applied;
}

IdentityChoice chosen_identity(std::span<const AppliedSettings> settings)
{
    IdentityChoice choice{.identity = '\0', .index = nullptr};
    for (const AppliedSettings &applied : settings) {
        const Settings &said = *applied.settings;
        const bool is_index = said.identity == REPLICA_IDENTITY_INDEX;
        if (said.identity != '\0' && !applied.is_for_vacuum_only && (applied.is_own || !is_index))
            choice = {.identity = said.identity, .index = said.identity_index};
    }
    return choice;
}

Array<StorageParameter> merged_parameters(std::span<const AppliedSettings> settings)
{
    const auto is_less = [](const StorageParameter &left, const StorageParameter &right) {
        return ::strcmp(left.name, right.name) < 0;
    };
    Array<StorageParameter> merged;
    for (const AppliedSettings &applied : settings)
        for (const StorageParameter &parameter : applied.settings->parameters) {
            const auto place = std::lower_bound(merged.begin(), merged.end(), parameter, is_less);
            if (place != merged.end() && ::strcmp(place->name, parameter.name) == 0) {
                *place = parameter;
                continue;
            }
            const std::size_t index = place - merged.begin();
            merged.push(parameter);
            std::rotate(merged.begin() + index, merged.end() - 1, merged.end());
        }
    return merged;
}

} // namespace dj_deploy
