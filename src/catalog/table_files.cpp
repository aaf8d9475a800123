// The catalogs say which files there are, the file system how large they are: the server's own functions
// would open each table and wait for whoever has locked it.
#include "catalog/table_files.hpp"

#include "pg/query.hpp"
#include "pg/storage.hpp"

namespace dj_deploy {

namespace {

// Everything is looked up by OID, so that the cost grows with these tables alone.
constexpr const char *sql = R"(
    SELECT t.number::int4,
           ARRAY[pg_catalog.pg_relation_filepath(c.oid), pg_catalog.pg_relation_filepath(NULLIF(c.reltoastrelid, 0))]
               || i.paths,
           CASE WHEN c.relkind = 'r' THEN i.invalid ELSE 0 END
    FROM pg_catalog.unnest($1) WITH ORDINALITY AS t(oid, number)
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    CROSS JOIN LATERAL (
        SELECT pg_catalog.array_agg(pg_catalog.pg_relation_filepath(i.indexrelid)) FILTER (WHERE i.indislive),
               (pg_catalog.count(*) FILTER (WHERE NOT i.indisvalid))::int4
        FROM pg_catalog.pg_index i
        WHERE i.indrelid IN (c.oid, NULLIF(c.reltoastrelid, 0))) AS i(paths, invalid)
    ORDER BY t.number)";

} // namespace

Array<TableFiles> read_table_files(std::span<const ::Oid> tables)
{
    Array<TableFiles> all;
    all.resize(tables.size());
    query(
        sql,
        [&](const Row &row) {
            CHECK_FOR_INTERRUPTS();
            TableFiles &files = all[row.integer(1) - 1];
            for (const char *path : row.strings(2))
                files.bytes += storage_bytes(path);
            files.invalid_indexes = row.integer(3);
        },
        tables);
    return all;
}

} // namespace dj_deploy
