// What the role that asks may do, as if it were the consumer's.
#include "checks/server_facts.hpp"

namespace dj_deploy {

namespace {

// Amazon grants the right through membership in a role of its own.
constexpr const char *replication = R"(
    SELECT r.name, pg_catalog.format('role %s has no REPLICATION: a consumer that connects as %s cannot read WAL',
                                     r.name, r.name),
           CASE WHEN m.oid IS NULL THEN 'ALTER ROLE ' || r.name || ' REPLICATION'
           ELSE 'GRANT rds_replication TO ' || r.name END
    FROM role r
    LEFT JOIN pg_catalog.pg_roles m ON m.rolname = 'rds_replication'
    WHERE NOT r.rolsuper AND NOT r.rolreplication
      AND NOT COALESCE(pg_catalog.pg_has_role(m.oid, 'MEMBER'), false))";

constexpr const char *usage = R"(
    SELECT t.name, pg_catalog.format('role %s has no USAGE on schema %s: its first copy of the tables fails',
                                     r.name, t.name),
           pg_catalog.format('GRANT USAGE ON SCHEMA %s TO %s', t.name, r.name)
    FROM target t
    CROSS JOIN role r
    WHERE NOT pg_catalog.has_schema_privilege(t.oid, 'USAGE'))";

// One row, with one statement: about the table, if it is one, else about the schema.
constexpr const char *select = R"(
    SELECT CASE WHEN u.lacking = 1 THEN u.names ELSE t.name END,
           CASE
           WHEN u.lacking = 1 THEN pg_catalog.format('role %s has no SELECT: its first copy of the table fails', o.name)
           WHEN u.lacking = u.tables
           THEN pg_catalog.format('all %s tables: role %s has no SELECT: its first copy of them fails', u.tables, o.name)
           ELSE pg_catalog.format('role %s has no SELECT on %s of %s tables (%s%s): its first copy of them fails', o.name,
                                  u.lacking, u.tables, u.first_names,
                                  CASE WHEN u.lacking > 3 THEN ' ...' ELSE '' END) END,
           CASE WHEN u.lacking = u.tables AND u.lacking > 1
           THEN pg_catalog.format('GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s', t.name, o.name)
           ELSE pg_catalog.format('GRANT SELECT ON %s TO %s', u.names, o.name) END
    FROM target t
    CROSS JOIN role o
    CROSS JOIN (
        SELECT pg_catalog.count(*) AS tables, pg_catalog.count(*) FILTER (WHERE r.place IS NOT NULL) AS lacking,
               pg_catalog.string_agg(r.name, ', ' ORDER BY r.place) FILTER (WHERE r.place IS NOT NULL) AS names,
               pg_catalog.string_agg(r.name, ', ' ORDER BY r.place) FILTER (WHERE r.place <= 3) AS first_names
        FROM (SELECT r.name, CASE WHEN r.lacks THEN pg_catalog.row_number()
                             OVER (PARTITION BY r.lacks ORDER BY r.name COLLATE "C") END AS place
              FROM (SELECT r.name, NOT pg_catalog.has_table_privilege(r.oid, 'SELECT') AS lacks FROM relation r) r) r
    ) u
    WHERE u.lacking > 0 AND NOT o.rolsuper)";

constexpr const char *row_security = R"(
    SELECT CASE WHEN u.hiding = 1 THEN u.first_names ELSE t.name END,
           CASE
           WHEN u.hiding = 1
           THEN pg_catalog.format('row security applies to role %s: its first copy lacks the rows that the policies hide', o.name)
           WHEN u.hiding = u.tables
           THEN pg_catalog.format('all %s tables: row security applies to role %s: its first copy lacks the rows that the '
                                  'policies hide', u.tables, o.name)
           ELSE pg_catalog.format('row security applies to role %s on %s of %s tables (%s%s): its first copy lacks the rows that '
                                  'the policies hide', o.name, u.hiding, u.tables, u.first_names,
                                  CASE WHEN u.hiding > 3 THEN ' ...' ELSE '' END) END,
           'ALTER ROLE ' || o.name || ' BYPASSRLS'
    FROM target t
    CROSS JOIN role o
    CROSS JOIN (
        SELECT pg_catalog.count(*) AS tables, pg_catalog.count(*) FILTER (WHERE r.place IS NOT NULL) AS hiding,
               pg_catalog.string_agg(r.name, ', ' ORDER BY r.place) FILTER (WHERE r.place <= 3) AS first_names
        FROM (SELECT r.name, CASE WHEN r.hides THEN pg_catalog.row_number()
                             OVER (PARTITION BY r.hides ORDER BY r.name COLLATE "C") END AS place
              FROM (SELECT r.name, r.relrowsecurity AND pg_catalog.row_security_active(r.oid) AS hides FROM relation r) r) r
    ) u
    WHERE u.hiding > 0)";

// A role that owns tables of the schema is rarely the consumer's, so its lack of REPLICATION is a warning;
// without the other rights its copy would be wrong in any case. Lakehouse Sync has a role of its own.
constexpr std::array checks = std::to_array<Check>({
    {.name = "role_replication", .severities = "w-www", .sql = replication},
    {.name = "role_usage", .severities = "e-eee", .sql = usage},
    {.name = "role_select", .severities = "e-eee", .sql = select},
    {.name = "role_row_security", .severities = "w-www", .sql = row_security},
});

} // namespace

const std::span<const Check> role_checks = checks;

} // namespace dj_deploy
