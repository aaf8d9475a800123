// Reads pg_constraint and pg_inherits, through their indexes on the tables.
#include "catalog/dependencies.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

// The table whose foreign key this one was derived from; InvalidOid for one that somebody declared.
::Oid original_child(const FormData_pg_constraint &foreign_key)
{
    ::Oid child = InvalidOid;
    if (OidIsValid(foreign_key.conparentid))
        scan_catalog(ConstraintRelationId, ConstraintOidIndexId,
                     {{Anum_pg_constraint_oid, foreign_key.conparentid}},
                     [&](::HeapTuple row) { child = fixed_part<FormData_pg_constraint>(row).conrelid; });
    return child;
}

void add_foreign_keys(Array<Dependency> &dependencies, ::Oid table)
{
    scan_catalog(ConstraintRelationId, ConstraintRelidTypidNameIndexId,
                 {{Anum_pg_constraint_conrelid, table}}, [&](::HeapTuple row) {
                     const auto &constraint = fixed_part<FormData_pg_constraint>(row);
                     if (constraint.contype == CONSTRAINT_FOREIGN && original_child(constraint) != table)
                         dependencies.push({.parent = constraint.confrelid, .child = table});
                 });
}

void add_children(Array<Dependency> &dependencies, ::Oid table)
{
    scan_catalog(InheritsRelationId, InheritsParentIndexId, {{Anum_pg_inherits_inhparent, table}},
                 [&](::HeapTuple row) {
                     const ::Oid child = fixed_part<FormData_pg_inherits>(row).inhrelid;
                     dependencies.push({.parent = table, .child = child});
                 });
}

} // namespace

Array<Dependency> read_dependencies(std::span<const Table> tables)
{
    Array<Dependency> dependencies;
    if (tables.size() < 2)
        return dependencies;
    for (const Table &table : tables) {
        if (table.has_triggers)
            add_foreign_keys(dependencies, table.oid);
        if (table.has_children)
            add_children(dependencies, table.oid);
    }
    return dependencies;
}

} // namespace dj_deploy
