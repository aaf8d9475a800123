// How shards of tables are asked about. For citus.cpp, which see.
#pragma once

#include "cluster/engine.hpp"

namespace dj_deploy {

// The command for a node begins with the shards that it has of the tables, and the rest of it is a query of
// one jsonb array. $columns is there for one that wants to know.
inline constexpr char begin_at_node[] = R"(
    WITH sharded AS (
        SELECT c.oid, n.nspname, c.relname
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = ANY ($1)
    ), asked AS MATERIALIZED (
        SELECT d.nodename || ':' || d.nodeport AS node, r.success, r.result
        FROM pg_catalog.run_command_on_all_nodes(pg_catalog.replace(pg_catalog.replace($node$
            WITH shard AS (
                SELECT t.oid AS of_table, d.oid AS table_here, s.shardid, c.oid, n.nspname, c.relname, c.relkind,
                       c.relreplident, c.reloptions, c.relacl, c.relowner, c.reltoastrelid,
                       c.relpages::pg_catalog.float8, c.reltuples::pg_catalog.float8
                FROM pg_catalog.jsonb_to_recordset($tables::pg_catalog.jsonb)
                     AS t(oid pg_catalog.oid, nspname pg_catalog.name, relname pg_catalog.name)
                JOIN pg_catalog.pg_namespace n ON n.nspname = t.nspname
                JOIN pg_catalog.pg_class d ON d.relnamespace = n.oid AND d.relname = t.relname
                JOIN pg_catalog.pg_dist_shard s ON s.logicalrelid = d.oid
                JOIN pg_catalog.pg_dist_placement p ON p.shardid = s.shardid
                JOIN pg_catalog.pg_dist_local_group l ON l.groupid = p.groupid
                CROSS JOIN LATERAL pg_catalog.parse_ident(pg_catalog.shard_name(d.oid, s.shardid)) AS q(parts)
                JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
                                          AND c.relname = q.parts[pg_catalog.cardinality(q.parts)]::pg_catalog.name
            ))";

inline constexpr char end_at_node[] = R"( $node$,
            '$columns', $2::text), '$tables',
            pg_catalog.quote_literal((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(sharded)) FROM sharded)))) AS r
        JOIN pg_catalog.pg_dist_node d ON d.nodeid = r.nodeid
    ))";

// Pieces of a query as one text.
template <std::size_t... Sizes>
consteval auto join(const char (&...pieces)[Sizes])
{
    std::array<char, (Sizes + ...) - sizeof...(Sizes) + 1> text{};
    char *end = text.data();
    ((end = std::copy_n(pieces, Sizes - 1, end)), ...);
    return text;
}

// A question to all nodes: the rest of their command, and what is made of their answers here, "asked".
template <std::size_t AtNode, std::size_t Here>
consteval auto ask_about_shards(const char (&at_node)[AtNode], const char (&here)[Here])
{
    return join(begin_at_node, at_node, end_at_node, here);
}

} // namespace dj_deploy
