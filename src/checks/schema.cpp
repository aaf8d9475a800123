// What of the schema no publication delivers, and what other extensions make of its tables.
#include "checks/server_facts.hpp"

namespace dj_deploy {

namespace {

// Only Citus' own decoder gives the rows of a shard back the name of their table.
constexpr const char *citus = R"(
    SELECT k.schema_name, k.table_name,
           pg_catalog.format('Citus keeps the rows of %s in shards of other names, and '
                             'citus.enable_change_data_capture is off: no change of them arrives. Set it on '
                             'every node; a consumer then reads a slot and a publication of each. '
                             'Takes a restart.', k.first_names),
           'ALTER SYSTEM SET citus.enable_change_data_capture = ''on'''
    FROM server v
    JOIN tables_of_kind k ON k.kind = 'distributed'
    WHERE NOT v.captures_shards)";

// pglogical replicates by the replica identity's index, which FULL has none of. Other consumers may need
// FULL, so no statement is offered.
constexpr const char *pglogical = R"(
    SELECT k.schema_name, k.table_name,
           pg_catalog.format('replica identity is FULL, with which pglogical replicates no UPDATE and '
                             'DELETE: %s. If pglogical, which is installed, is to replicate them, and no '
                             'other consumer needs FULL: ALTER TABLE ... REPLICA IDENTITY DEFAULT.',
                             k.first_names),
           NULL
    FROM tables_of_kind k
    WHERE k.kind = 'full' AND EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'pglogical'))";

constexpr const char *sequences = R"(
    SELECT CASE WHEN pg_catalog.count(DISTINCT s.schema_name) = 1 THEN pg_catalog.min(s.schema_name) END, NULL,
           pg_catalog.format('%s sequences, whose values do not arrive: %s%s. Before applications write to '
                             'the subscriber, %s',
                             pg_catalog.count(*),
                             pg_catalog.string_agg(s.name, ', ' ORDER BY s.place) FILTER (WHERE s.place <= 3),
                             ' and ' || NULLIF(GREATEST(pg_catalog.count(*) - 3, 0), 0) || ' more',
                             CASE WHEN v.version < 190000 THEN 'set them there with setval().'
                             ELSE 'set them there with setval(), or publish them (FOR ALL SEQUENCES) and '
                                  'refresh the subscription.' END),
           NULL
    FROM server v
    CROSS JOIN (
        SELECT t.schema_name, t.name || '.' || pg_catalog.quote_ident(c.relname) AS name,
               pg_catalog.row_number() OVER (ORDER BY t.schema_name COLLATE "C", c.relname COLLATE "C") AS place
        FROM target t
        JOIN pg_catalog.pg_class c ON c.relnamespace = t.oid AND c.relkind = 'S' AND NOT c.relname ^@ '~'
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                            AND d.deptype = 'e')) s
    WHERE NOT EXISTS (SELECT FROM publication p WHERE p.is_for_sequences)
    GROUP BY v.version)";

constexpr std::array checks = std::to_array<Check>({
    {.name = "citus_cdc", .severities = "eeeee", .tables_sql = citus},
    {.name = "pglogical_full", .severities = "w---w", .tables_sql = pglogical},
    {.name = "sequence_not_copied", .severities = "----i", .tables_sql = sequences},
});

} // namespace

const std::span<const Check> schema_checks = checks;

} // namespace dj_deploy
