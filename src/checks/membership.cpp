// Which tables are published: none that is missing, none that does not belong, none that cannot be.
#include "checks/facts.hpp"

namespace dj_deploy {

namespace {

// The call that adds table r to publication p, or with "member => false, " takes it out.
#define MEMBERSHIP(member)                                                                                   \
    "CASE WHEN p.literal IS NOT NULL THEN "                                                                  \
    "pg_catalog.format('SELECT dj_deploy.set_publication_membership(%L::regclass, %s, " member               \
    "dry_run => false)', r.name, p.literal) END"

// Of an empty or missing publication its own check tells.
constexpr const char *not_member = R"(
    SELECT r.name, 'not published by publication ' || n.names || CASE WHEN u.is_stuck THEN
                   '. Before it joins, its generated columns or its replica identity have to change: UPDATE and DELETE '
                   'would fail.' ELSE '' END,
           CASE WHEN u.oid IS NULL THEN )" MEMBERSHIP("") R"(
           WHEN NOT u.is_stuck AND p.literal IS NOT NULL THEN pg_catalog.format('DO %L', pg_catalog.format(
               'BEGIN %sPERFORM dj_deploy.set_publication_membership(%L::regclass, %s, dry_run => false); END',
               u.preparation, r.name, p.literal)) END
    FROM relation r
    LEFT JOIN unready u ON u.oid = r.oid
    CROSS JOIN (SELECT pg_catalog.string_agg(p.name, ', ' ORDER BY p.pubname) AS names FROM publication p) n
    LEFT JOIN chosen p ON true
    WHERE r.is_user AND r.relpersistence = 'p'
      AND EXISTS (SELECT FROM publication p WHERE NOT p.is_empty)
      AND NOT EXISTS (SELECT FROM publication p WHERE )" PUBLISHES ")";

constexpr const char *all_not_members = R"(
    SELECT )" PUBLISH_ALL("p.literal") R"(
    FROM target t
    CROSS JOIN chosen p)";

// What FOR ALL TABLES or TABLES IN SCHEMA brings along is told of the publication.
#define LISTED(finding, condition)                                                                           \
    "SELECT r.name, " finding                                                                                \
    ", " MEMBERSHIP("member => false, ") " FROM relation r JOIN publication p ON p.oid = ANY (r.listed) "    \
                                         "WHERE NOT p.is_schema AND " condition

constexpr const char *member_hidden = LISTED("'hidden table is published by publication ' || p.name || ': "
                                             "consumers receive what is internal to DataJoint'",
                                             "r.is_home AND r.is_hidden");

constexpr const char *member_extension =
    LISTED("'table of an extension is published by publication ' || p.name", "r.is_home AND r.is_extension");

constexpr const char *member_partition = R"(
    SELECT r.name,
           pg_catalog.format('partition is listed in publication %s, and so is a table above it (of %s)',
                             p.name, b.name),
           )" MEMBERSHIP("member => false, ") R"(
    FROM relation r
    JOIN publication p ON p.oid = ANY (r.listed)
    JOIN relation b ON b.oid = r.root
    WHERE NOT p.is_schema AND p.oid = ANY (r.covering))";

// A table can be logged only when those that it references are, and what is logged may be published: so they
// come first, all with an identity. A partition belongs where its root does, whose filter may not go with it.
constexpr const char *unlogged = R"(
    SELECT r.name, pg_catalog.format('unlogged %s: its changes are not in the WAL, no consumer sees them. SET LOGGED '
                                     'rewrites it%s.', CASE WHEN r.relispartition THEN 'partition' ELSE 'table' END,
                                     ' after ' || s.parents),
           CASE WHEN s.is_stuck OR r.is_narrowed THEN NULL
           WHEN s.is_one AND NOT s.joins THEN s.statements
           ELSE pg_catalog.format('DO %L', pg_catalog.format('BEGIN %s; %sEND', s.statements, CASE WHEN s.joins THEN
               pg_catalog.format(
                   'PERFORM dj_deploy.set_publication_membership(%L::regclass, %s, dry_run => false); ',
                   r.name, p.literal) ELSE '' END)) END
    FROM relation r
    LEFT JOIN chosen p ON true
    CROSS JOIN LATERAL (
        WITH RECURSIVE referenced(oid, path, is_again) AS (
            SELECT r.oid, ARRAY[r.oid], false
            UNION ALL
            SELECT k.confrelid, f.path || k.confrelid, k.confrelid = ANY (f.path)
            FROM referenced f
            JOIN pg_catalog.pg_constraint k ON k.conrelid = f.oid
            JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
            WHERE k.contype = 'f' AND k.confrelid <> f.oid AND c.relpersistence = 'u' AND c.relkind = 'r'
              AND NOT f.is_again
        )
        SELECT pg_catalog.count(*) = 1 AND pg_catalog.bool_and(u.oid IS NULL) AS is_one,
               pg_catalog.bool_or(COALESCE(u.is_stuck, false) OR t.is_cyclic) AS is_stuck,
               NOT r.relispartition AND p.literal IS NOT NULL
               AND NOT EXISTS (SELECT FROM publication p WHERE p.puballtables OR p.is_schema) AS joins,
               pg_catalog.string_agg(t.name, ', ' ORDER BY t.depth DESC, t.name) FILTER (WHERE t.oid <> r.oid)
               AS parents,
               pg_catalog.string_agg(COALESCE(u.preparation, '') || 'ALTER TABLE ' || t.name || ' SET LOGGED', '; '
                                     ORDER BY t.depth DESC, t.name) AS statements
        FROM (SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
                     pg_catalog.max(pg_catalog.cardinality(f.path)) AS depth,
                     pg_catalog.bool_or(f.is_again) AS is_cyclic
              FROM referenced f
              JOIN pg_catalog.pg_class c ON c.oid = f.oid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              GROUP BY c.oid, n.nspname, c.relname) t
        LEFT JOIN unready u ON u.oid = t.oid
    ) s
    WHERE r.relpersistence = 'u'
      AND (r.is_user OR r.relkind = 'r' AND r.root IN (SELECT b.oid FROM relation b WHERE b.is_user)))";

constexpr const char *foreign_table = R"(
    SELECT r.name, 'foreign table: its changes are not in the WAL of this server. Have them captured where the data '
                   'live.', NULL
    FROM relation r
    WHERE r.is_home AND r.relkind = 'f' AND NOT r.relispartition AND NOT r.is_hidden AND NOT r.is_extension)";

constexpr const char *foreign_partition = R"(
    SELECT r.name, pg_catalog.format('foreign partition of %s: its changes are not in the WAL of this server, and they are '
                                     'missing among those of %s. Have them captured where the data live.',
                                     b.name, b.name), NULL
    FROM relation r
    JOIN relation b ON b.oid = r.root
    WHERE r.relkind = 'f' AND b.is_user)";

// Partitions are judged with their root, and so with the schema of that.
constexpr const char *partition_elsewhere = R"(
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname),
           pg_catalog.format('%s%s belongs to it as a partition: what becomes of '
                             'its changes is told by dj_deploy.check_cdc(%L)', pg_catalog.min(r.name),
                             CASE WHEN pg_catalog.count(*) > 1 THEN pg_catalog.format(' (and %s more)',
                             pg_catalog.count(*) - 1) ELSE '' END, n.nspname), NULL
    FROM relation r
    JOIN pg_catalog.pg_class c ON c.oid = r.root
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE r.is_home AND r.root NOT IN (SELECT b.oid FROM relation b)
    GROUP BY n.nspname, c.relname)";

// Lakehouse Sync takes a schema as it is.
constexpr const char *partitioned = R"(
    SELECT r.name, 'partitioned table: Lakehouse Sync syncs no schema that holds one, the other tables neither. Move '
                   'it to a schema that is not synced (ALTER TABLE ... SET SCHEMA).', NULL
    FROM relation r
    WHERE r.is_home AND r.relkind = 'p')";

constexpr const char *hidden_synced = R"(
    SELECT r.name, 'hidden table has replica identity FULL: Lakehouse Sync syncs it too' || )" WHY_NOT_DEFAULT
                                      R"(,
           CASE WHEN NOT )" DEFAULT_FAILS " THEN " SET_IDENTITY("default") R"( END
    FROM relation r
    WHERE r.is_home AND r.is_hidden AND r.relkind <> 'f' AND r.state = 'FULL' AND r.has_key)";

constexpr std::array checks = std::to_array<Check>({
    {.name = "not_member", .severities = "eeeee", .sql = not_member, .schema_remedy = all_not_members},
    {.name = "member_hidden", .severities = "wwwww", .sql = member_hidden},
    {.name = "member_extension", .severities = "wwwww", .sql = member_extension},
    {.name = "member_partition", .severities = "wwwww", .sql = member_partition},
    {.name = "unlogged_table", .severities = "wwwww", .sql = unlogged},
    {.name = "foreign_table", .severities = "iiiii", .sql = foreign_table},
    {.name = "foreign_partition", .severities = "wwwww", .sql = foreign_partition},
    {.name = "partition_elsewhere", .severities = "iiiii", .sql = partition_elsewhere},
    {.name = "partitioned_table", .severities = "-e---", .sql = partitioned},
    {.name = "hidden_synced", .severities = "-w---", .sql = hidden_synced},
});

} // namespace

const std::span<const Check> membership_checks = checks;

} // namespace dj_deploy
