// Reads pg_constraint and pg_inherits.
#include "catalog/dependencies.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

constexpr const char *sql = R"(
    SELECT k.confrelid, k.conrelid
    FROM pg_catalog.pg_constraint k
    LEFT JOIN pg_catalog.pg_constraint original ON original.oid = k.conparentid
    WHERE k.contype = 'f' AND k.conrelid <> k.confrelid
      AND k.conrelid = ANY ($1) AND k.confrelid = ANY ($1)
      AND original.conrelid IS DISTINCT FROM k.conrelid
    UNION
    SELECT i.inhparent, i.inhrelid
    FROM pg_catalog.pg_inherits i
    WHERE i.inhrelid = ANY ($1) AND i.inhparent = ANY ($1)
    ORDER BY 1, 2)";

} // namespace

Array<Dependency> read_dependencies(std::span<const Table> tables)
{
    Array<::Oid> oids;
    for (const Table &table : tables)
        oids.push(table.oid);

    Array<Dependency> dependencies;
    query(sql, [&](const Row &row) { dependencies.push({.parent = row.oid(1), .child = row.oid(2)}); },
          oids.view());
    return dependencies;
}

} // namespace dj_deploy
