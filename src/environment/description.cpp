// Settings are allocated one by one, because others point to them.
#include "environment/description.hpp"

#include "catalog/ancestors.hpp"
#include "request/target.hpp"

namespace dj_deploy {

namespace {

template <class Item>
Item *make(const Item &item)
{
    auto *made = static_cast<Item *>(::palloc(sizeof(Item)));
    *made = item;
    return made;
}

SchemaSettings *new_schema(const char *name)
{
    return make(SchemaSettings{.name = name, .settings = {}, .grants = {}, .tables = {}});
}

struct LeveledTable {
    const Table *table;
    std::size_t level; // how many partitioned tables are above it
};

// Partitioned tables before their partitions, which what is said of them is said of, too.
Array<LeveledTable> from_the_top(const Description &description)
{
    Array<LeveledTable> tables;
    for (std::size_t schema = 0; schema < description.described; schema++)
        for (const Table &table : description.tables_of(schema))
            if (!table.is_member)
                tables.push(
                    {.table = &table, .level = table.is_partition ? read_ancestors(table.oid).count : 0});
    std::sort(tables.begin(), tables.end(), [](const LeveledTable &left, const LeveledTable &right) {
        return left.level != right.level ? left.level < right.level : left.table < right.table;
    });
    return tables;
}

// The more frequent of DEFAULT and FULL.
char common_identity(std::span<const Table> tables)
{
    std::size_t full = 0;
    std::size_t others = 0;
    for (const Table &table : tables) {
        full += !table.is_member && table.replica_identity == REPLICA_IDENTITY_FULL;
        others += !table.is_member && table.replica_identity == REPLICA_IDENTITY_DEFAULT;
    }
    return full > others ? REPLICA_IDENTITY_FULL : REPLICA_IDENTITY_DEFAULT;
}

bool is_said(const IdentityChoice &said, const Table &table)
{
    // Hidden tables stay with the default that they have from the start.
    const char identity = said.identity != '\0' ? said.identity : REPLICA_IDENTITY_DEFAULT;
    if (identity != table.replica_identity || identity != REPLICA_IDENTITY_INDEX)
        return identity == table.replica_identity;
    return std::string_view(said.index != nullptr ? said.index : "") ==
           (table.identity_index != nullptr ? table.identity_index : "");
}

} // namespace

Description Description::of(std::span<const char *const> names)
{
    Description description{};
    for (const char *name : names) {
        const ::Oid oid = resolve_schema(name);
        const auto is_known = [&](const ResolvedSchema &schema) { return schema.oid == oid; };
        if (std::any_of(description.resolved.schemas.begin(), description.resolved.schemas.end(), is_known))
            continue;
        SchemaSettings *settings = new_schema(name);
        description.schemas.push(settings);
        description.resolved.schemas.push(ResolvedSchema::of(oid, settings));
    }
    description.described = description.schemas.count;
    return description;
}

TableSettings &Description::entry_for(const Table &table)
{
    const auto is_less = [](const NamedTable &left, ::Oid right) { return left.oid < right; };
    Array<NamedTable> &named = resolved.named;
    const auto place = std::lower_bound(named.begin(), named.end(), table.oid, is_less);
    if (place != named.end() && place->oid == table.oid)
        return *const_cast<TableSettings *>(place->settings);

    TableSettings *settings = make(
        TableSettings{.name = table.name, .path = nullptr, .settings = {}, .allows_breaking_writes = false});
    const std::size_t index = place - named.begin();
    named.push({.oid = table.oid, .settings = settings});
    std::rotate(named.begin() + index, named.end() - 1, named.end());
    const auto is_its = [&](const ResolvedSchema &schema) { return schema.oid == table.schema_oid; };
    if (std::none_of(resolved.schemas.begin(), resolved.schemas.end(), is_its)) {
        SchemaSettings *schema = new_schema(table.schema);
        schemas.push(schema);
        resolved.schemas.push({.oid = table.schema_oid, .settings = schema, .tables = {}});
    }
    return *settings;
}

void describe_identities(Description &description)
{
    for (std::size_t schema = 0; schema < description.described; schema++)
        if (!description.tables_of(schema).empty())
            description.schemas[schema]->settings.identity = common_identity(description.tables_of(schema));
    for (const LeveledTable &leveled : from_the_top(description)) {
        const Table &table = *leveled.table;
        if (is_said(chosen_identity(description.resolved.settings_of(table).view()), table))
            continue;
        Settings &settings = description.entry_for(table).settings;
        settings.identity = table.replica_identity;
        settings.identity_index = table.identity_index;
    }
}

} // namespace dj_deploy
