// Reads pg_index.
#include "catalog/invalid_indexes.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

constexpr const char *sql = R"(
    SELECT n.nspname, c.relname
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indrelid IN ($1, (SELECT t.reltoastrelid FROM pg_catalog.pg_class t WHERE t.oid = $1))
      AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")";

} // namespace

Array<IndexName> read_transient_indexes(::Oid table)
{
    Array<IndexName> indexes;
    query(
        sql, [&](const Row &row) { indexes.push({.schema = row.name(1), .name = row.name(2)}); }, table);
    return indexes;
}

} // namespace dj_deploy
