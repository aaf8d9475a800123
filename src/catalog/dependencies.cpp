// Reads pg_constraint and pg_inherits, through their indexes on the tables.
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

void add_foreign_keys(Array<Dependency> &dependencies, std::span<const Table> tables)
{
    with_catalog(ConstraintRelationId, ConstraintRelidTypidNameIndexId, [&](const Catalog &constraints) {
        for (const Table &table : tables) {
            if (!table.has_triggers)
                continue;
            constraints.scan({{Anum_pg_constraint_conrelid, table.oid}}, [&](::HeapTuple row) {
                const auto &constraint = fixed_part<FormData_pg_constraint>(row);
                if (constraint.contype == CONSTRAINT_FOREIGN && original_child(constraint) != table.oid)
                    dependencies.push({.parent = constraint.confrelid, .child = table.oid});
            });
        }
    });
}

void add_children(Array<Dependency> &dependencies, std::span<const Table> tables)
{
    with_catalog(InheritsRelationId, InheritsParentIndexId, [&](const Catalog &inheritance) {
        for (const Table &table : tables) {
            if (!table.has_children)
                continue;
            inheritance.scan({{Anum_pg_inherits_inhparent, table.oid}}, [&](::HeapTuple row) {
                const ::Oid child = fixed_part<FormData_pg_inherits>(row).inhrelid;
                dependencies.push({.parent = table.oid, .child = child});
            });
        }
    });
}

} // namespace

Array<Dependency> read_dependencies(std::span<const Table> tables)
{
    Array<Dependency> dependencies;
    if (tables.size() < 2)
        return dependencies;
    add_foreign_keys(dependencies, tables);
    add_children(dependencies, tables);
    return dependencies;
}

} // namespace dj_deploy
