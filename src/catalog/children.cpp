// Reads pg_inherits.
#include "catalog/children.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

Array<Dependency> read_children(std::span<const ::Oid> parents)
{
    Array<Dependency> children;
    with_catalog(InheritsRelationId, InheritsParentIndexId, [&](const Catalog &inheritance) {
        inheritance.scan_each(Anum_pg_inherits_inhparent, parents, [&](::HeapTuple row) {
            const auto &link = fixed_part<FormData_pg_inherits>(row);
            children.push({.parent = link.inhparent, .child = link.inhrelid});
        });
    });
    return children;
}

} // namespace dj_deploy
