// Reads pg_inherits.
#include "catalog/children.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

Array<Dependency> read_links(::Oid index, ::AttrNumber column, std::span<const ::Oid> tables)
{
    Array<Dependency> links;
    with_catalog(InheritsRelationId, index, [&](const Catalog &inheritance) {
        inheritance.scan_each(column, tables, [&](::HeapTuple row) {
            const auto &link = fixed_part<FormData_pg_inherits>(row);
            links.push({.parent = link.inhparent, .child = link.inhrelid});
        });
    });
    return links;
}

} // namespace

Array<Dependency> read_children(std::span<const ::Oid> parents)
{
    return read_links(InheritsParentIndexId, Anum_pg_inherits_inhparent, parents);
}

Array<Dependency> read_parents(std::span<const ::Oid> children)
{
    return read_links(InheritsRelidSeqnoIndexId, Anum_pg_inherits_inhrelid, children);
}

} // namespace dj_deploy
