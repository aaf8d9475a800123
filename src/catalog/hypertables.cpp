// Reads TimescaleDB's own catalog, which is there and its own wherever the extension is: it makes the schema,
// and would not be installed beside one of that name.
#include "catalog/hypertables.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

constexpr const char *sql = R"(
    SELECT c.oid
    FROM _timescaledb_catalog.hypertable h
    JOIN pg_catalog.pg_namespace n ON n.nspname = h.schema_name
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = h.table_name
    ORDER BY c.oid)";

} // namespace

Array<::Oid> read_hypertables()
{
    Array<::Oid> hypertables;
    if (OidIsValid(::get_extension_oid("timescaledb", true)))
        query(sql, [&](const Row &row) { hypertables.push(row.oid(1)); });
    return hypertables;
}

} // namespace dj_deploy
