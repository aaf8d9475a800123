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
    SELECT r.name, 'not published by publication ' || n.names,
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

constexpr const char *unlogged = R"(
    SELECT r.name, 'unlogged table: its changes are not in the WAL, no consumer sees them. SET LOGGED rewrites it.',
           CASE WHEN p.literal IS NULL OR EXISTS (SELECT FROM publication p WHERE p.puballtables OR p.is_schema)
           THEN 'ALTER TABLE ' || r.name || ' SET LOGGED'
           ELSE pg_catalog.format('DO %L', pg_catalog.format(
               'BEGIN ALTER TABLE %s SET LOGGED; '
               'PERFORM dj_deploy.set_publication_membership(%L::regclass, %s, dry_run => false); END',
               r.name, r.name, p.literal)) END
    FROM relation r
    LEFT JOIN chosen p ON true
    WHERE r.is_user AND r.relpersistence = 'u')";

constexpr const char *foreign_table = R"(
    SELECT r.name, 'foreign table: its changes are not in the WAL of this server. Have them captured where the data '
                   'live.', NULL
    FROM relation r
    WHERE r.is_home AND r.relkind = 'f' AND NOT r.relispartition AND NOT r.is_hidden AND NOT r.is_extension)";

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
    {.name = "partitioned_table", .severities = "-e---", .sql = partitioned},
    {.name = "hidden_synced", .severities = "-w---", .sql = hidden_synced},
});

} // namespace

const std::span<const Check> membership_checks = checks;

} // namespace dj_deploy
