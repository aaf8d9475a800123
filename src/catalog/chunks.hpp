// Tables in which an extension keeps the rows of others, as TimescaleDB keeps those of a hypertable in
// chunks: they inherit from a table and live in a schema that belongs to the extension. The extension passes
// on to them what is said of that table, so they have no place of their own in plans and reports.
#pragma once

#include "catalog/children.hpp"
#include "catalog/tables.hpp"

namespace dj_deploy {

// Whether the schema belongs to an extension.
bool is_schema_of_extension(::Oid schema);

// The chunks of the tables, whose OIDs are sorted, by table and OID.
Array<Dependency> read_chunks(std::span<const ::Oid> tables);

// Those of one table, by OID, in the order in which the server locks them.
Array<::Oid> read_chunks(::Oid table);

// Those of the tables that may have chunks, sorted.
Array<::Oid> parents_among(std::span<const Table> tables);

// Tables, and after them their chunks that are not among them.
struct WithChunks {
    Array<::Oid> oids;
    Array<std::size_t> places; // for each OID that of the table that it counts with

    static WithChunks of(std::span<const Table> tables);
};

} // namespace dj_deploy
