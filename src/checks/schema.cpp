// What of the schema no publication delivers, and what other extensions make of its tables.
#include "checks/server_facts.hpp"

namespace dj_deploy {

namespace {

// Citus keeps the rows in shards, which are tables of other names; only its own decoder gives them back the
// name of their table. Its catalog is there with Citus only, so the query is handed over as a text: ts_stat()
// returns the words of what it finds, here one OID a row, and nothing for a null.
constexpr const char *citus = R"(
    SELECT CASE WHEN pg_catalog.count(*) = 1 THEN pg_catalog.min(r.name) ELSE t.name END,
           pg_catalog.format('Citus keeps the rows of %s%s in shards of other names, and citus.enable_change_data_capture is '
                             'off: no change of them arrives. Set it on every node; a consumer then reads a slot and a '
                             'publication of each. Takes a restart.',
                             pg_catalog.string_agg(r.name, ', ' ORDER BY r.place) FILTER (WHERE r.place <= 3),
                             ' and ' || NULLIF(GREATEST(pg_catalog.count(*) - 3, 0), 0) || ' more'),
           'ALTER SYSTEM SET citus.enable_change_data_capture = ''on'''
    FROM target t
    CROSS JOIN (
        SELECT r.name, pg_catalog.row_number() OVER (ORDER BY r.name COLLATE "C") AS place
        FROM pg_catalog.ts_stat(
            CASE WHEN pg_catalog.has_table_privilege(
                          pg_catalog.to_regclass('pg_catalog.pg_dist_partition')::pg_catalog.oid, 'SELECT')
            THEN 'SELECT pg_catalog.array_to_tsvector(ARRAY[d.logicalrelid::pg_catalog.oid::text])
                  FROM pg_catalog.pg_dist_partition d' END) d
        JOIN relation r ON r.oid = d.word::pg_catalog.oid
    ) r
    WHERE NOT COALESCE(pg_catalog.current_setting('citus.enable_change_data_capture', true)::bool, false)
    GROUP BY t.name)";

// pglogical replicates by the replica identity's index, which FULL has none of. Other consumers may need
// FULL, so no statement is offered.
constexpr const char *pglogical = R"(
    SELECT CASE WHEN pg_catalog.count(*) = 1 THEN pg_catalog.min(r.name) ELSE t.name END,
           pg_catalog.format('replica identity is FULL, with which pglogical replicates no UPDATE and DELETE: %s%s. If pglogical, '
                             'which is installed, is to replicate them, and no other consumer needs FULL: ALTER TABLE ... '
                             'REPLICA IDENTITY DEFAULT.',
                             pg_catalog.string_agg(r.name, ', ' ORDER BY r.place) FILTER (WHERE r.place <= 3),
                             ' and ' || NULLIF(GREATEST(pg_catalog.count(*) - 3, 0), 0) || ' more'),
           NULL
    FROM target t
    CROSS JOIN (SELECT r.name, pg_catalog.row_number() OVER (ORDER BY r.name COLLATE "C") AS place
                FROM relation r
                WHERE r.relreplident = 'f') r
    WHERE EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'pglogical')
    GROUP BY t.name)";

constexpr const char *sequences = R"(
    SELECT t.name,
           pg_catalog.format('%s sequences, whose values do not arrive: %s%s. Before applications write to the subscriber, %s',
                             pg_catalog.count(*),
                             pg_catalog.string_agg(s.name, ', ' ORDER BY s.place) FILTER (WHERE s.place <= 3),
                             ' and ' || NULLIF(GREATEST(pg_catalog.count(*) - 3, 0), 0) || ' more',
                             CASE WHEN v.version < 190000 THEN 'set them there with setval().'
                             ELSE 'set them there with setval(), or publish them (FOR ALL SEQUENCES) and ALTER SUBSCRIPTION ... '
                                  'REFRESH SEQUENCES.' END),
           NULL
    FROM target t
    CROSS JOIN server v
    JOIN (SELECT c.relnamespace, pg_catalog.quote_ident(c.relname) AS name,
                 pg_catalog.row_number() OVER (ORDER BY pg_catalog.quote_ident(c.relname) COLLATE "C") AS place
          FROM pg_catalog.pg_class c
          WHERE c.relnamespace = $1 AND c.relkind = 'S' AND NOT c.relname ^@ '~'
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                              AND d.deptype = 'e')) s ON s.relnamespace = t.oid
    WHERE NOT EXISTS (SELECT FROM publication p WHERE p.is_for_sequences)
    GROUP BY t.name, v.version)";

constexpr std::array checks = std::to_array<Check>({
    {.name = "citus_cdc", .severities = "eeeee", .sql = citus},
    {.name = "pglogical_full", .severities = "w---w", .sql = pglogical},
    {.name = "sequence_not_copied", .severities = "----i", .sql = sequences},
});

} // namespace

const std::span<const Check> schema_checks = checks;

} // namespace dj_deploy
