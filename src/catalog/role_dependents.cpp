// pg_shdepend, from the schema's side: pg_depend knows what is in a schema.
#include "catalog/role_dependents.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

constexpr const char *dependents_sql = R"(
    WITH object AS (
        SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
        WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.refobjid = $2
        UNION
        SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, p.oid
        FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
        WHERE c.relnamespace = $2
        UNION
        SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass, $2)
    SELECT DISTINCT pg_catalog.concat(
               CASE s.deptype WHEN 'o' THEN 'owner of ' WHEN 'a' THEN 'privileges for '
                              WHEN 'i' THEN 'initial privileges for ' ELSE 'target of ' END,
               CASE i.type WHEN 'default acl' THEN 'default privileges' ELSE i.type END, ' ', i.identity) COLLATE "C"
    FROM object o
    JOIN pg_catalog.pg_shdepend s ON s.classid = o.classid AND s.objid = o.objid
    LEFT JOIN pg_catalog.pg_default_acl f
           ON s.classid = 'pg_catalog.pg_default_acl'::pg_catalog.regclass AND f.oid = s.objid
    CROSS JOIN pg_catalog.pg_identify_object(s.classid, s.objid, s.objsubid) i
    WHERE s.dbid = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())
      AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.refobjid = $1
      AND NOT (s.deptype = 'a' AND (s.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                                    OR s.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objid = ANY ($3)
                                    OR f.defaclobjtype IN ('r', 'S')) IS TRUE)
    ORDER BY 1)";

} // namespace

Array<const char *> read_role_dependents(::Oid role, ::Oid schema, std::span<const ::Oid> relations)
{
    Array<const char *> dependents;
    query(
        dependents_sql, [&](const Row &row) { dependents.push(row.string(1)); }, role, schema, relations);
    return dependents;
}

} // namespace dj_deploy
