// Scans pg_index. No query: the caller may be about to be cancelled, and regular expressions and others look
// at that by themselves.
#include "catalog/invalid_indexes.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

// "..._ccnew" or "..._ccold", with a number where that name was taken.
bool is_transient_name(std::string_view name)
{
    while (!name.empty() && name.back() >= '0' && name.back() <= '9')
        name.remove_suffix(1);
    return name.ends_with("_ccnew") || name.ends_with("_ccold");
}

} // namespace

Array<IndexName> read_transient_indexes(std::span<const ::Oid> tables)
{
    Array<IndexName> indexes;
    const auto add = [&](::HeapTuple row) {
        const auto &index = fixed_part<FormData_pg_index>(row);
        const char *name = index.indisvalid ? nullptr : ::get_rel_name(index.indexrelid);
        if (name == nullptr || !is_transient_name(name))
            return;
        if (const char *schema = ::get_namespace_name(::get_rel_namespace(index.indexrelid)))
            indexes.push({.schema = schema, .name = name});
    };
    with_catalog(IndexRelationId, IndexIndrelidIndexId, [&](const Catalog &catalog) {
        for (const ::Oid table : tables)
            if (OidIsValid(table))
                catalog.scan({{Anum_pg_index_indrelid, table}}, add);
    });
    std::sort(indexes.begin(), indexes.end(), [](const IndexName &left, const IndexName &right) {
        const int schemas = ::strcmp(left.schema, right.schema);
        return schemas != 0 ? schemas < 0 : ::strcmp(left.name, right.name) < 0;
    });
    return indexes;
}

} // namespace dj_deploy
