// What the role that asks may do, as if it were the consumer's.
#include "checks/server_facts.hpp"

namespace dj_deploy {

namespace {

// Amazon grants the right through membership in a role of its own.
constexpr const char *replication = R"(
    SELECT r.name, pg_catalog.format('role %s has no REPLICATION: a consumer that connects as %s cannot '
                                     'read WAL', r.name, r.name),
           CASE WHEN m.oid IS NULL THEN 'ALTER ROLE ' || r.name || ' REPLICATION'
           ELSE 'GRANT rds_replication TO ' || r.name END
    FROM role r
    LEFT JOIN pg_catalog.pg_roles m ON m.rolname = 'rds_replication'
    WHERE NOT r.rolsuper AND NOT r.rolreplication
      AND NOT COALESCE(pg_catalog.pg_has_role(m.oid, 'MEMBER'), false))";

constexpr const char *usage = R"(
    SELECT CASE WHEN pg_catalog.count(*) = 1 THEN pg_catalog.min(t.schema_name) END, NULL,
           pg_catalog.format('role %s has no USAGE on %s %s%s: its first copy of the tables fails', r.name,
                             CASE WHEN pg_catalog.count(*) = 1 THEN 'schema' ELSE 'schemas' END,
                             pg_catalog.string_agg(t.name, ', ' ORDER BY t.place) FILTER (WHERE t.place <= 3),
                             ' and ' || NULLIF(GREATEST(pg_catalog.count(*) - 3, 0), 0) || ' more'),
           pg_catalog.format('GRANT USAGE ON SCHEMA %s TO %s',
                             pg_catalog.string_agg(t.name, ', ' ORDER BY t.place), r.name)
    FROM (SELECT t.*, pg_catalog.row_number() OVER (ORDER BY t.name COLLATE "C") AS place
          FROM target t
          WHERE NOT pg_catalog.has_schema_privilege(t.oid, 'USAGE')) t
    CROSS JOIN role r
    GROUP BY r.name)";

constexpr const char *select = R"(
    SELECT k.schema_name, k.table_name,
           CASE
           WHEN k.members = 1
           THEN pg_catalog.format('role %s has no SELECT: its first copy of the table fails', r.name)
           WHEN k.members = k.tables
           THEN pg_catalog.format('all %s tables: role %s has no SELECT: its first copy of them fails',
                                  k.tables, r.name)
           ELSE pg_catalog.format('role %s has no SELECT on %s of %s tables (%s): its first copy of them '
                                  'fails', r.name, k.members, k.tables, k.first_names) END,
           CASE WHEN k.members > 1 AND k.members = k.tables
           THEN pg_catalog.format('GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s', k.schemas, r.name)
           ELSE pg_catalog.format('GRANT SELECT ON %s TO %s', k.names, r.name) END
    FROM role r
    JOIN tables_of_kind k ON k.kind = 'unreadable'
    WHERE NOT r.rolsuper)";

constexpr const char *row_security = R"(
    SELECT k.schema_name, k.table_name,
           pg_catalog.format('row security applies to role %s%s: its first copy lacks the rows that the '
                             'policies hide', r.name,
                             CASE
                             WHEN k.members = 1 THEN ''
                             WHEN k.members = k.tables THEN pg_catalog.format(' on all %s tables', k.tables)
                             ELSE pg_catalog.format(' on %s of %s tables (%s)', k.members, k.tables,
                                                    k.first_names) END),
           'ALTER ROLE ' || r.name || ' BYPASSRLS'
    FROM role r
    JOIN tables_of_kind k ON k.kind = 'filtered')";

// A role that owns tables of the schema is rarely the consumer's, so its lack of REPLICATION is a warning;
// without the other rights its copy would be wrong in any case. Lakehouse Sync has a role of its own.
constexpr std::array checks = std::to_array<Check>({
    {.name = "role_replication", .severities = "w-www", .sql = replication},
    {.name = "role_usage", .severities = "e-eee", .tables_sql = usage},
    {.name = "role_select", .severities = "e-eee", .tables_sql = select},
    {.name = "role_row_security", .severities = "w-www", .tables_sql = row_security},
});

} // namespace

const std::span<const Check> role_checks = checks;

} // namespace dj_deploy
