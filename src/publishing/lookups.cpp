// Single facts, looked up where they matter.
#include "publishing/lookups.hpp"

#include "catalog/children.hpp"
#include "pg/query.hpp"
#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

Columns key_columns(const FormData_pg_index &index)
{
    Array<::AttrNumber> columns;
    for (int number = 0; number < index.indnkeyatts; number++)
        columns.push(index.indkey.values[number]);
    return columns.view();
}

// Permanent tables among those listed ($1), those of the schemas ($2), or all of them ($3), and their
// partitions.
constexpr const char *published_sql = R"(
    WITH RECURSIVE published AS (
        SELECT c.oid, c.relkind
        FROM pg_catalog.pg_class c
        WHERE c.oid = ANY ($1) OR c.relnamespace = ANY ($2) OR $3 AND c.oid >= 16384
        UNION
        SELECT c.oid, c.relkind
        FROM published p
        JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
    )
    SELECT c.oid
    FROM published p
    JOIN pg_catalog.pg_class c ON c.oid = p.oid
    WHERE c.relkind = 'r' AND c.relpersistence = 'p'
    ORDER BY c.oid)";

// The schemas that a publication publishes as a whole.
void add_schemas(::Oid publication, Array<::Oid> &schemas)
{
    with_catalog(PublicationNamespaceRelationId, PublicationNamespaceObjectIndexId,
                 [&](const Catalog &catalog) {
                     catalog.scan({}, [&](::HeapTuple row) {
                         const auto &fixed = fixed_part<FormData_pg_publication_namespace>(row);
                         if (fixed.pnpubid == publication)
                             schemas.push(fixed.pnnspid);
                     });
                 });
}

} // namespace

Keys read_keys(::Oid table)
{
    Keys keys{};
    with_catalog(IndexRelationId, IndexIndrelidIndexId, [&](const Catalog &indexes) {
        indexes.scan({{Anum_pg_index_indrelid, table}}, [&](::HeapTuple row) {
            const auto &index = fixed_part<FormData_pg_index>(row);
            if (!index.indisvalid || !index.indimmediate)
                return;
            if (index.indisprimary) {
                keys.primary = index.indexrelid;
                keys.primary_columns = key_columns(index);
            }
            if (index.indisreplident) {
                keys.identity = index.indexrelid;
                keys.identity_columns = key_columns(index);
            }
        });
    });
    return keys;
}

Array<GeneratedColumn> read_generated(::Oid table)
{
    Array<GeneratedColumn> generated;
    with_catalog(AttributeRelationId, AttributeRelidNumIndexId, [&](const Catalog &attributes) {
        attributes.scan({{Anum_pg_attribute_attrelid, table}}, [&](::HeapTuple row) {
            const auto &column = fixed_part<FormData_pg_attribute>(row);
            if (column.attgenerated != '\0' && !column.attisdropped)
                generated.push({.number = column.attnum,
                                .is_stored = column.attgenerated == ATTRIBUTE_GENERATED_STORED});
        });
    });
    return generated;
}

namespace {

// Without the server's caches, which would keep all of each table that is asked about.
Array<::Oid> partitioned_of(std::span<const ::Oid> tables)
{
    Array<::Oid> sorted;
    for (const ::Oid table : tables)
        sorted.push(table);
    sort_unique(sorted);
    Array<::Oid> partitioned;
    with_catalog(RelationRelationId, ClassOidIndexId, [&](const Catalog &catalog) {
        catalog.scan_each(Anum_pg_class_oid, sorted.view(), [&](::HeapTuple row) {
            const auto &fixed = fixed_part<FormData_pg_class>(row);
            if (fixed.relkind == RELKIND_PARTITIONED_TABLE)
                partitioned.push(fixed.oid);
        });
    });
    return partitioned;
}

} // namespace

Array<::Oid> read_partitions_of(std::span<const ::Oid> tables)
{
    Array<::Oid> partitions;
    Array<::Oid> parents = partitioned_of(tables);
    while (!parents.is_empty()) {
        sort_unique(parents);
        Array<::Oid> children;
        for (const Dependency &link : read_children(parents.view()))
            children.push(link.child);
        for (const ::Oid child : children)
            partitions.push(child);
        parents = children;
    }
    return partitions;
}

Array<::Oid> read_heirs_of(::Oid table)
{
    Array<::Oid> heirs;
    // The server's own walk counts a table once that inherits over several ways.
    const ::List *all = ::find_all_inheritors(table, NoLock, nullptr);
    for (int index = 0; index < ::list_length(all); index++)
        if (const ::Oid heir = ::list_nth_oid(all, index); heir != table)
            heirs.push(heir);
    return heirs;
}

Array<::AttrNumber> read_columns(::Oid table)
{
    Array<::AttrNumber> columns;
    with_catalog(AttributeRelationId, AttributeRelidNumIndexId, [&](const Catalog &attributes) {
        attributes.scan({{Anum_pg_attribute_attrelid, table}}, [&](::HeapTuple row) {
            const auto &column = fixed_part<FormData_pg_attribute>(row);
            if (column.attnum > 0 && !column.attisdropped)
                columns.push(column.attnum);
        });
    });
    return columns;
}

Array<::Oid> read_listed_tables(::Oid publication)
{
    Array<::Oid> tables;
    with_catalog(PublicationRelRelationId, PublicationRelPrpubidIndexId, [&](const Catalog &catalog) {
        catalog.scan({{Anum_pg_publication_rel_prpubid, publication}}, [&](::HeapTuple row) {
            tables.push(fixed_part<FormData_pg_publication_rel>(row).prrelid);
        });
    });
    return tables;
}

Columns read_index_columns(::Oid index)
{
    const ::HeapTuple row = ::SearchSysCache1(::INDEXRELID, ObjectIdGetDatum(index));
    if (!HeapTupleIsValid(row))
        return {};
    const auto &fixed = fixed_part<FormData_pg_index>(row);
    const Columns key = fixed.indisvalid && fixed.indimmediate ? key_columns(fixed) : Columns{};
    ::ReleaseSysCache(row);
    return key;
}

Array<::Oid> read_published_tables(std::span<const Publication> publications)
{
    Array<::Oid> listed;
    Array<::Oid> schemas;
    bool is_for_all = false;
    for (const Publication &publication : publications) {
        is_for_all |= publication.is_for_all;
        add_schemas(publication.oid, schemas);
        for (const ::Oid table : read_listed_tables(publication.oid))
            listed.push(table);
    }
    Array<::Oid> tables;
    query(
        published_sql, [&](const Row &row) { tables.push(row.oid(1)); }, listed.view(), schemas.view(),
        is_for_all);
    return tables;
}

} // namespace dj_deploy
