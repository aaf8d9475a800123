// Settings are allocated one by one, because others point to them.
#include "environment/description.hpp"

#include "catalog/ancestors.hpp"
#include "pg/context.hpp"
#include "request/target.hpp"

namespace dj_deploy {

namespace {

SchemaSettings *new_schema(const char *name)
{
    return keep_value(SchemaSettings{.name = name, .path = nullptr, .settings = {}, .tables = {}});
}

struct LeveledTable {
    const Table *table;
    std::size_t level; // how many partitioned tables are above it
    std::size_t place;
};

} // namespace

Array<const Table *> from_the_top(std::span<const Table *const> tables)
{
    Array<LeveledTable> leveled;
    for (const Table *table : tables)
        leveled.push({.table = table,
                      .level = table->is_partition ? read_ancestors(table->oid).count : 0,
                      .place = leveled.count});
    std::sort(leveled.begin(), leveled.end(), [](const LeveledTable &left, const LeveledTable &right) {
        return left.level != right.level ? left.level < right.level : left.place < right.place;
    });
    Array<const Table *> sorted;
    for (const LeveledTable &table : leveled)
        sorted.push(table.table);
    return sorted;
}

Description Description::of(std::span<const char *const> names)
{
    Description description{};
    description.resolved.members = read_extension_members();
    for (const char *name : names) {
        const ::Oid oid = resolve_schema(name);
        const auto is_known = [&](const ResolvedSchema &schema) { return schema.oid == oid; };
        if (std::any_of(description.resolved.schemas.begin(), description.resolved.schemas.end(), is_known))
            continue;
        SchemaSettings *settings = new_schema(name);
        description.schemas.push(settings);
        description.resolved.schemas.push(
            ResolvedSchema::of(oid, settings, description.resolved.members.view()));
    }
    description.described = description.schemas.count;
    return description;
}

Array<::Oid> Description::schema_publications() const
{
    Array<::Oid> oids;
    for (std::size_t schema = 0; schema < described; schema++)
        oids.push(resolved.schemas[schema].oid);
    std::sort(oids.begin(), oids.end());
    Array<::Oid> publications;
    for (const PublishedSchema &published : read_published_schemas(oids.view()))
        if (publications.is_empty() || publications[publications.count - 1] != published.publication)
            publications.push(published.publication);
    return publications;
}

const Facts &Description::publishing()
{
    if (known_publishing == nullptr) {
        Array<::Oid> tables;
        for (std::size_t schema = 0; schema < described; schema++)
            for (const Table &table : tables_of(schema))
                tables.push(table.oid);
        known_publishing = keep_value(Facts::read(tables.view(), schema_publications().view()));
    }
    return *known_publishing;
}

Settings &Description::settings_of(const Table &table)
{
    const auto is_less = [](const NamedTable &left, ::Oid right) { return left.oid < right; };
    Array<NamedTable> &named = resolved.named;
    const auto place = std::lower_bound(named.begin(), named.end(), table.oid, is_less);
    if (place != named.end() && place->oid == table.oid)
        return const_cast<TableSettings *>(place->settings)->settings;

    TableSettings *entry =
        keep_value(TableSettings{.name = table.name, .path = nullptr, .must_exist = true, .settings = {}});
    const std::size_t index = place - named.begin();
    named.push({.oid = table.oid, .settings = entry});
    std::rotate(named.begin() + index, named.end() - 1, named.end());
    const auto is_its = [&](const ResolvedSchema &schema) { return schema.oid == table.schema_oid; };
    if (std::none_of(resolved.schemas.begin(), resolved.schemas.end(), is_its)) {
        SchemaSettings *schema = new_schema(table.schema);
        schemas.push(schema);
        resolved.schemas.push({.oid = table.schema_oid, .settings = schema, .tables = {}});
    }
    return entry->settings;
}

Array<const Table *> Description::all_tables() const
{
    Array<const Table *> tables;
    for (std::size_t schema = 0; schema < described; schema++)
        for (const Table &table : tables_of(schema))
            if (!table.is_member)
                tables.push(&table);
    return from_the_top(tables.view());
}

} // namespace dj_deploy
