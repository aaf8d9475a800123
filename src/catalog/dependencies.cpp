// Reads pg_constraint and pg_inherits.
#include "catalog/dependencies.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

// The table whose foreign key this one was derived from; InvalidOid for one that somebody declared.
::Oid original_child(const FormData_pg_constraint &foreign_key)
{
    ::Oid child = InvalidOid;
    if (!OidIsValid(foreign_key.conparentid))
        return child;
    with_catalog(ConstraintRelationId, ConstraintOidIndexId, [&](const Catalog &constraints) {
        constraints.scan({{Anum_pg_constraint_oid, foreign_key.conparentid}},
                         [&](::HeapTuple row) { child = fixed_part<FormData_pg_constraint>(row).conrelid; });
    });
    return child;
}

void add_foreign_keys(Array<Dependency> &dependencies, std::span<const ::Oid> tables)
{
    with_catalog(ConstraintRelationId, ConstraintRelidTypidNameIndexId, [&](const Catalog &constraints) {
        constraints.scan_each(Anum_pg_constraint_conrelid, tables, [&](::HeapTuple row) {
            const auto &constraint = fixed_part<FormData_pg_constraint>(row);
            const ::Oid child = constraint.conrelid;
            if (constraint.contype == CONSTRAINT_FOREIGN && original_child(constraint) != child)
                dependencies.push({.parent = constraint.confrelid, .child = child});
        });
    });
}

} // namespace

Dependencies read_dependencies(std::span<const Table> tables)
{
    Array<::Oid> oids;
    for (const Table &table : tables)
        oids.push(table.oid);
    std::sort(oids.begin(), oids.end());

    Dependencies dependencies{};
    if (tables.size() > 1) {
        add_foreign_keys(dependencies.foreign_keys, oids.view());
        dependencies.inheritance = read_parents(oids.view());
    }
    return dependencies;
}

} // namespace dj_deploy
