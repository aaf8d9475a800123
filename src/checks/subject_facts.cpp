// One query for all tables, which looks facts up by index: whatever there is in the database besides them.
// OFFSET 0 keeps each type a look-up of its own: the planner would rather read all of pg_type and join it.
#include "checks/subject_facts.hpp"

namespace dj_deploy {

// asked         the tables, with the pages of their TOAST tables
// part          each type of a column, and what it is made of: a domain's base, an array's element, a
//               composite type's columns, or any of these of another
// base          each type of a column, and for a domain the types under it
// default_class the operator classes of btree that the server takes for a type by default, if an index can
//               have them at all: the type's own, or else those of types that it prefers
// incomparable  types made of one without equality, as lookup_type_cache() finds it: by a default operator
//               class of the type or of one that it is taken for without a conversion. The type cache itself
//               would lock tables whose row types are used.
// supported     the types that Lakehouse Sync lists: bool, int2, int4, int8, float4, float8, numeric, text,
//               varchar, bpchar, jsonb, date, timestamp, timestamptz; besides them enumerations
// heir          what inherits from a table: a primary key makes its columns NOT NULL there, too
// key           the shortest unique index that could be the primary key: one that ADD PRIMARY KEY USING
//               INDEX takes, whose columns consumers receive, and whose name no constraint of the table has
const char *const subject_facts_sql = R"(
WITH RECURSIVE asked AS MATERIALIZED (
    SELECT t.oid, t.number, c.relkind, c.reltoastrelid, n.nspname::text AS schema_name, c.relname::text AS table_name,
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
    FROM pg_catalog.unnest($1) WITH ORDINALITY AS t(oid, number)
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
), attribute AS MATERIALIZED (
    SELECT a.attrelid, a.attname, a.attnum, a.atttypid,
           a.attstorage IN ('x', 'e') AND (t.reltoastrelid <> 0 OR t.relkind = 'p') AS is_large
    FROM asked t
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid
    WHERE a.attnum > 0 AND NOT a.attisdropped
), part(type, oid) AS (
    SELECT DISTINCT a.atttypid, a.atttypid
    FROM attribute a
    UNION
    SELECT p.type, d.oid
    FROM part p
    CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_type y WHERE y.oid = p.oid OFFSET 0) u
    CROSS JOIN LATERAL (
        SELECT u.typbasetype WHERE u.typtype = 'd'
        UNION ALL
        SELECT u.typelem
        WHERE u.typtype = 'b' AND u.typelem <> 0
          AND u.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc
        UNION ALL
        SELECT m.atttypid
        FROM pg_catalog.pg_attribute m
        WHERE u.typtype = 'c' AND m.attrelid = u.typrelid AND m.attnum > 0 AND NOT m.attisdropped
    ) d(oid)
), base(type, oid) AS (
    SELECT DISTINCT a.atttypid, a.atttypid
    FROM attribute a
    UNION
    SELECT b.type, u.typbasetype
    FROM base b
    CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_type y WHERE y.oid = b.oid OFFSET 0) u
    WHERE u.typtype = 'd'
), own_class AS MATERIALIZED (
    SELECT b.type, o.oid AS class
    FROM base b
    JOIN pg_catalog.pg_opclass o ON o.opcintype = b.oid
    WHERE o.opcmethod = 403 AND o.opcdefault
), default_class AS MATERIALIZED (
    SELECT c.type, c.class
    FROM own_class c
    UNION ALL
    SELECT b.type, o.oid
    FROM base b
    CROSS JOIN pg_catalog.pg_opclass o
    CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_type y WHERE y.oid = o.opcintype OFFSET 0) u
    WHERE o.opcmethod = 403 AND o.opcdefault AND (u.typispreferred OR u.typtype = 'p')
      AND b.type NOT IN (SELECT c.type FROM own_class c)
), comparable AS MATERIALIZED (
    SELECT o.opcintype AS oid
    FROM pg_catalog.pg_opclass o
    WHERE o.opcmethod IN (403, 405) AND o.opcdefault
), incomparable AS MATERIALIZED (
    SELECT DISTINCT p.type
    FROM part p
    CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_type y WHERE y.oid = p.oid OFFSET 0) t
    WHERE t.typtype = 'b' AND t.typsubscript <> 'pg_catalog.array_subscript_handler'::pg_catalog.regproc
      AND t.oid NOT IN (SELECT h.oid FROM comparable h)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_cast k
                      WHERE k.castsource = t.oid AND k.castmethod = 'b' AND k.castcontext = 'i'
                        AND k.casttarget IN (SELECT h.oid FROM comparable h))
), supported(oid) AS (
    VALUES (16), (21), (23), (20), (700), (701), (1700), (25), (1043), (1042), (3802), (1082), (1114), (1184)
), described AS MATERIALIZED (
    SELECT a.*, pg_catalog.quote_ident(a.attname) AS name, pg_catalog.format_type(a.atttypid, NULL) AS type,
           a.atttypid IN (SELECT i.type FROM incomparable i) AS is_incomparable,
           a.atttypid NOT IN (SELECT s.oid FROM supported s)
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_type t
                           WHERE t.oid = a.atttypid AND a.atttypid >= 16384
                             AND (t.typtype = 'e'
                                  OR t.typtype = 'd' AND t.typbasetype IN (SELECT s.oid FROM supported s)))
           AS is_unsupported
    FROM attribute a
), columns AS MATERIALIZED (
    SELECT d.attrelid,
           pg_catalog.string_agg(d.name, ', ' ORDER BY d.attnum) FILTER (WHERE d.is_large) AS large,
           pg_catalog.bool_or(d.atttypid = 17) AS has_blob,
           pg_catalog.string_agg(d.name || ' ' || d.type, ', ' ORDER BY d.attnum) FILTER (WHERE d.is_incomparable)
           AS incomparable,
           pg_catalog.string_agg(d.name || ' ' || d.type, ', ' ORDER BY d.attnum) FILTER (WHERE d.is_unsupported)
           AS unsupported,
           CASE WHEN NOT pg_catalog.bool_or(d.is_incomparable AND d.atttypid <> 114)
                THEN pg_catalog.string_agg('ALTER COLUMN ' || d.name || ' TYPE jsonb', ', ' ORDER BY d.attnum)
                     FILTER (WHERE d.atttypid = 114) END AS to_jsonb
    FROM described d
    GROUP BY d.attrelid
), heir(home, oid) AS (
    SELECT i.inhparent, i.inhrelid
    FROM asked t
    JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
    WHERE t.relkind = 'r'
    UNION
    SELECT h.home, i.inhrelid
    FROM heir h
    JOIN pg_catalog.pg_inherits i ON i.inhparent = h.oid
)
SELECT t.oid, t.name, t.schema_name, t.table_name, c.large, c.incomparable, c.unsupported,
       (SELECT pg_catalog.quote_ident(x.relname)
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        WHERE i.indrelid = t.oid AND t.relkind = 'r'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_index p WHERE p.indrelid = t.oid AND p.indisprimary)
          AND i.indisunique AND NOT i.indnullsnotdistinct AND i.indisvalid AND i.indimmediate
          AND x.relam = 403 AND i.indpred IS NULL AND 0 <> ALL (i.indkey::int2[]) AND 0 = ALL (i.indoption::int2[])
          AND NOT EXISTS (
              SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS s(key)
              GROUP BY i.indkey[s.key]
              HAVING pg_catalog.count(*) > 1)
          AND NOT EXISTS (
              SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS s(key)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[s.key]
              WHERE NOT a.attnotnull OR a.attgenerated <> ''
                 OR i.indcollation[s.key] <> a.attcollation
                 OR (a.atttypid, i.indclass[s.key]) NOT IN (SELECT d.type, d.class FROM default_class d)
                 OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
                            WHERE k.conrelid = t.oid AND k.contype = 'n' AND (NOT k.convalidated OR k.connoinherit)
                              AND k.conkey = ARRAY[a.attnum])
                 OR EXISTS (SELECT FROM heir h
                            JOIN pg_catalog.pg_attribute b ON b.attrelid = h.oid AND b.attname = a.attname
                            WHERE h.home = t.oid AND NOT b.attnotnull))
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                          WHERE k.conrelid = t.oid
                            AND (k.conindid = i.indexrelid AND k.contype <> 'f' OR k.conname = x.relname))
        ORDER BY i.indnkeyatts, x.relname
        LIMIT 1) AS key_index,
       'ALTER TABLE ' || t.name || ' ' || c.to_jsonb AS to_jsonb, COALESCE(c.has_blob, false)
FROM asked t
LEFT JOIN columns c ON c.attrelid = t.oid
ORDER BY t.number)";

} // namespace dj_deploy
