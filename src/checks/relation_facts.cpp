// One row for each table, whose facts are looked up by index: so the cost grows with the tables of the schema
// and not with those of the database. The planner knows from $4 how many they are, whatever its statistics
// say.
#include "checks/facts.hpp"

namespace dj_deploy {

namespace {

#if PG_VERSION_NUM >= 190000
#define IS_LISTED "NOT r.prexcept"
#else
#define IS_LISTED "true"
#endif

#if PG_VERSION_NUM >= 180000
#define HAS_GENERATED "pg_catalog.bool_or(a.attgenerated <> '')"
#else
#define HAS_GENERATED "false"
#endif

// Types of the server without an operator class for = : json, xml, point, lseg, path, box, polygon, line,
// circle, jsonpath, txid_snapshot, pg_snapshot and arrays of them.
#define INCOMPARABLE                                                                                         \
    "(114, 199, 142, 143, 600, 1017, 601, 1018, 602, 1019, 603, 1020, 604, 1027, 628, 629, 718, 719, 4072,"  \
    " 4073, 2970, 2949, 5038, 5039)"

// The types that Lakehouse Sync lists: bool, int2, int4, int8, float4, float8, numeric, text, varchar,
// bpchar, jsonb, date, timestamp, timestamptz; besides them enumerations.
#define LAKEHOUSE_TYPES "(16, 21, 23, 20, 700, 701, 1700, 25, 1043, 1042, 3802, 1082, 1114, 1184)"

} // namespace

// root: of a partition its root. state: of its replica identity, in words. listed: the publications that list
// it; covering: those that list a table above it. large: columns whose values may be stored out of line, of
// any length.
const char *const relation_facts_sql = R"(
WITH RECURSIVE relation AS MATERIALIZED (
    SELECT c.oid, c.relkind, c.relpersistence, c.relreplident, c.relispartition, c.relrowsecurity,
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
           e.is_home, e.is_hidden, e.is_extension, e.root, k.has_key, k.identity_index,
           e.is_home AND NOT e.is_hidden AND NOT e.is_extension AND NOT c.relispartition
           AND c.relkind <> 'f' AS is_user,
           CASE c.relreplident
           WHEN 'f' THEN 'FULL'
           WHEN 'n' THEN 'NOTHING'
           WHEN 'd' THEN CASE WHEN k.has_key THEN 'DEFAULT' ELSE 'DEFAULT without a primary key' END
           ELSE CASE WHEN k.identity_index IS NULL THEN 'INDEX, dropped' ELSE 'INDEX' END END AS state,
           COALESCE(l.listed, '{}') AS listed, COALESCE(l.excepted, '{}') AS excepted,
           COALESCE(l.covering, '{}') AS covering,
           COALESCE(l.is_narrowed, false) AS is_narrowed, COALESCE(l.has_list, false) AS has_list,
           a.large, COALESCE(a.has_blob, false) AS has_blob, a.incomparable, a.not_json, a.unsupported,
           COALESCE(a.has_generated, false) AS has_generated,
           COALESCE((SELECT t.relpages FROM pg_catalog.pg_class t WHERE t.oid = c.reltoastrelid), 0)::pg_catalog.int8
           * pg_catalog.current_setting('block_size')::pg_catalog.int8 AS toast_bytes
    FROM pg_catalog.unnest($4) AS m(oid)
    JOIN pg_catalog.pg_class c ON c.oid = m.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT c.relnamespace = $1 AS is_home, c.relname ^@ '~' AS is_hidden,
               c.oid = ANY ($5) AS is_extension,
               CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid END AS root
    ) e
    CROSS JOIN LATERAL (
        SELECT COALESCE(pg_catalog.bool_or(i.indisprimary), false) AS has_key,
               pg_catalog.max(i.indexrelid) FILTER (WHERE i.indisreplident) AS identity_index
        FROM pg_catalog.pg_index i
        WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate AND (i.indisprimary OR i.indisreplident)
    ) k
    CROSS JOIN LATERAL (
        SELECT pg_catalog.array_agg(r.prpubid) FILTER (WHERE r.prrelid = c.oid AND )" IS_LISTED
                                       R"() AS listed,
               pg_catalog.array_agg(r.prpubid) FILTER (WHERE r.prrelid = c.oid AND NOT )" IS_LISTED R"()
               AS excepted,
               pg_catalog.array_agg(r.prpubid) FILTER (WHERE r.prrelid <> c.oid) AS covering,
               pg_catalog.bool_or(r.prattrs IS NOT NULL OR r.prqual IS NOT NULL) AS is_narrowed,
               pg_catalog.bool_or(r.prattrs IS NOT NULL) AS has_list
        FROM pg_catalog.pg_publication_rel r
        WHERE r.prrelid = ANY (CASE WHEN c.relispartition
                               THEN ARRAY(SELECT s.relid::pg_catalog.oid FROM pg_catalog.pg_partition_ancestors(c.oid) s)
                               ELSE ARRAY[c.oid] END)
    ) l
    CROSS JOIN LATERAL (
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ') FILTER (WHERE a.is_large) AS large,
               pg_catalog.bool_or(a.atttypid = 17) AS has_blob,
               pg_catalog.string_agg(a.described, ', ') FILTER (WHERE a.is_incomparable) AS incomparable,
               pg_catalog.bool_or(a.is_incomparable AND a.atttypid <> 114) AS not_json,
               pg_catalog.string_agg(a.described, ', ') FILTER (WHERE a.is_unsupported) AS unsupported,
               )" HAS_GENERATED R"( AS has_generated
        FROM (
            SELECT a.*, CASE WHEN a.is_incomparable OR a.is_unsupported THEN
                   pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, NULL) END
                   AS described
            FROM (
                SELECT a.attname, a.attnum, a.atttypid, a.attgenerated,
                       a.attstorage IN ('x', 'e') AND NOT (a.atttypid IN (1043, 1042) AND a.atttypmod > 0)
                       AS is_large,
                       a.atttypid IN )" INCOMPARABLE R"( OR a.atttypid >= 16384 AND EXISTS (
                           SELECT FROM pg_catalog.pg_type t
                           WHERE t.oid = a.atttypid
                             AND CASE t.typtype
                                 WHEN 'd' THEN t.typbasetype IN )" INCOMPARABLE R"(
                                 WHEN 'b' THEN t.typelem = 0 AND NOT EXISTS (
                                     SELECT FROM pg_catalog.pg_opclass o
                                     WHERE o.opcmethod IN (403, 405) AND o.opcdefault AND o.opcintype = t.oid)
                                 END) AS is_incomparable,
                       a.atttypid NOT IN )" LAKEHOUSE_TYPES R"( AND NOT (a.atttypid >= 16384 AND EXISTS (
                           SELECT FROM pg_catalog.pg_type t
                           WHERE t.oid = a.atttypid
                             AND (t.typtype = 'e' OR t.typtype = 'd' AND t.typbasetype IN )" LAKEHOUSE_TYPES
                                       R"()))
                       AS is_unsupported
                FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum
            ) a
        ) a
    ) a
    WHERE c.relkind IN ('r', 'p', 'f')
))";

} // namespace dj_deploy
