// Scans pg_index. No query: the caller may be about to be cancelled, and parts of the executor, such as
// regular expressions, check for that by themselves.
#include "catalog/indexes.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

Array<IndexFacts> read_indexes(std::span<const ::Oid> tables)
{
    Array<IndexFacts> indexes;
    with_catalog(IndexRelationId, IndexIndrelidIndexId, [&](const Catalog &catalog) {
        catalog.scan_each(Anum_pg_index_indrelid, tables, [&](::HeapTuple row) {
            const auto &index = fixed_part<FormData_pg_index>(row);
            indexes.push({.oid = index.indexrelid,
                          .table = index.indrelid,
                          .is_valid = index.indisvalid,
                          .is_exclusion = index.indisexclusion,
                          .is_identity = index.indisreplident});
        });
    });
    std::sort(indexes.begin(), indexes.end(), [](const IndexFacts &left, const IndexFacts &right) {
        return left.table != right.table ? left.table < right.table : left.oid < right.oid;
    });
    return indexes;
}

std::span<const IndexFacts> indexes_of(std::span<const IndexFacts> indexes, ::Oid table)
{
    const auto is_before = [](const IndexFacts &index, ::Oid other) { return index.table < other; };
    const auto first = std::lower_bound(indexes.begin(), indexes.end(), table, is_before);
    const auto end =
        std::find_if(first, indexes.end(), [&](const IndexFacts &index) { return index.table != table; });
    return {first, end};
}

bool is_needed_by_another(::Oid index)
{
    bool has_dependent = false;
    with_catalog(DependRelationId, DependReferenceIndexId, [&](const Catalog &dependencies) {
        dependencies.scan({{Anum_pg_depend_refclassid, RelationRelationId}, {Anum_pg_depend_refobjid, index}},
                          [&](::HeapTuple) { has_dependent = true; });
    });
    return has_dependent || ::get_rel_relispartition(index) || OidIsValid(::get_index_constraint(index));
}

bool may_be_building(::Oid table)
{
    ::LOCKTAG tag;
    SET_LOCKTAG_RELATION(tag, MyDatabaseId, table);
    int count = 0;
    ::pfree(::GetLockConflicts(&tag, ShareUpdateExclusiveLock, &count));
    return count > 0;
}

bool is_transient_name(std::string_view name)
{
    while (!name.empty() && name.back() >= '0' && name.back() <= '9')
        name.remove_suffix(1);
    return name.ends_with("_ccnew") || name.ends_with("_ccold");
}

} // namespace dj_deploy
