// What the role that asks may do, as if it were the consumer's.
#include "checks/facts.hpp"

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

constexpr const char *select = R"(
    SELECT r.name, pg_catalog.format('role %s has no SELECT: its first copy of the table fails', o.name),
           pg_catalog.format('GRANT SELECT ON %s TO %s', r.name, o.name)
    FROM relation r
    CROSS JOIN role o
    WHERE r.is_user AND NOT o.rolsuper AND NOT pg_catalog.has_table_privilege(r.oid, 'SELECT'))";

constexpr const char *select_all = R"(
    SELECT pg_catalog.format('GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s', t.name, o.name)
    FROM target t
    CROSS JOIN role o)";

constexpr const char *row_security = R"(
    SELECT r.name, pg_catalog.format('row security applies to role %s: its first copy lacks the rows that the policies hide',
                                     o.name),
           'ALTER ROLE ' || o.name || ' BYPASSRLS'
    FROM relation r
    CROSS JOIN role o
    WHERE r.is_user AND r.relrowsecurity AND pg_catalog.row_security_active(r.oid))";

// A role that owns tables of the schema is rarely the consumer's, so its lack of REPLICATION is a warning;
// without the other rights its copy would be wrong in any case. Lakehouse Sync has a role of its own.
constexpr std::array checks = std::to_array<Check>({
    {.name = "role_replication", .severities = "w-www", .sql = replication},
    {.name = "role_usage", .severities = "e-eee", .sql = usage},
    {.name = "role_select", .severities = "e-eee", .sql = select, .schema_remedy = select_all},
    {.name = "role_row_security", .severities = "w-www", .sql = row_security},
});

} // namespace

const std::span<const Check> role_checks = checks;

} // namespace dj_deploy
