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

#define INCOMPARABLE "(SELECT i.oid FROM incomparable i)"

// Whether type is made of such a type: an array of it, a domain, a composite type, or any of these of
// another. Enumerations and ranges can be compared.
#define MADE_OF_INCOMPARABLE(type)                                                                           \
    "EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = " type " AND t.typtype NOT IN ('e', 'r', 'm')"   \
    " AND EXISTS (WITH RECURSIVE part(oid) AS (SELECT " type " UNION SELECT d.oid FROM part p"               \
    " JOIN pg_catalog.pg_type u ON u.oid = p.oid CROSS JOIN LATERAL (SELECT u.typbasetype"                   \
    " WHERE u.typtype = 'd' UNION ALL SELECT u.typelem WHERE u.typtype = 'b' AND u.typelem <> 0"             \
    " AND u.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc"                         \
    " UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE u.typtype = 'c'"                      \
    " AND a.attrelid = u.typrelid AND a.attnum > 0 AND NOT a.attisdropped) d(oid))"                          \
    " SELECT FROM part p WHERE p.oid IN " INCOMPARABLE "))"

// The types that Lakehouse Sync lists: bool, int2, int4, int8, float4, float8, numeric, text, varchar,
// bpchar, jsonb, date, timestamp, timestamptz; besides them enumerations.
#define LAKEHOUSE_TYPES "(16, 21, 23, 20, 700, 701, 1700, 25, 1043, 1042, 3802, 1082, 1114, 1184)"

} // namespace

// incomparable: types without equality, as lookup_type_cache() finds it: by a default operator class of the
// type or of one that it is taken for without a conversion; and arrays of them. The type cache itself would
// lock tables whose row types are used. root: of a partition its root. state: of its replica identity, in
// words. listed: the publications that list it; covering: those that list a table above it. large: columns
// whose values may be stored out of line, of any length.
const char *const relation_facts_sql =
    R"(
WITH RECURSIVE comparable AS MATERIALIZED (
    SELECT o.opcintype AS oid
    FROM pg_catalog.pg_opclass o
    WHERE o.opcmethod IN (403, 405) AND o.opcdefault
), incomparable AS MATERIALIZED (
    SELECT o.oid
    FROM pg_catalog.pg_type t
    CROSS JOIN LATERAL (SELECT t.oid UNION ALL SELECT t.typarray) o(oid)
    WHERE t.typtype = 'b' AND t.typsubscript <> 'pg_catalog.array_subscript_handler'::pg_catalog.regproc
      AND t.oid NOT IN (SELECT h.oid FROM comparable h)
      AND t.oid NOT IN (SELECT k.castsource FROM pg_catalog.pg_cast k
                        WHERE k.castmethod = 'b' AND k.castcontext = 'i'
                          AND k.casttarget IN (SELECT h.oid FROM comparable h))
), relation AS MATERIALIZED (
    SELECT c.oid, c.relkind, c.relpersistence, c.relreplident, c.relispartition, c.relrowsecurity,
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
           c.reltype, c.reloftype, e.is_home, e.is_hidden, e.is_extension, e.root, k.has_key, k.identity_index,
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
           m.toast_pages * pg_catalog.current_setting('block_size')::pg_catalog.int8 AS toast_bytes
    FROM ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($6)) AS m(oid, toast_pages)
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
                       a.atttypid IN )" INCOMPARABLE
    R"( OR a.atttypid >= 16384 AND )" MADE_OF_INCOMPARABLE("a.atttypid") R"( AS is_incomparable,
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
