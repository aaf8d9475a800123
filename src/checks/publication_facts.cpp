// Facts about publications, and about the writes that they make fail. The rules are those of the server's
// CheckCmdReplicaIdentity() and RelationBuildPublicationDesc(), as in catalog/publications.cpp, for the
// replica identity that each table has.
#include "checks/facts.hpp"

namespace dj_deploy {

namespace {

#if PG_VERSION_NUM >= 190000
#define IS_LISTED "NOT r.prexcept"
#define EXCEPTED                                                                                             \
    "EXISTS (SELECT FROM pg_catalog.pg_publication_rel r JOIN ancestry e ON e.ancestor = r.prrelid"          \
    " WHERE r.prpubid = p.oid AND e.relid = a.relid AND r.prexcept)"
#else
#define IS_LISTED "true"
#define EXCEPTED "false"
#endif

#if PG_VERSION_NUM >= 180000
// Stored generated columns are published when the publication says so, virtual ones never.
#define IS_PUBLISHED "(c.attgenerated = '' OR c.attgenerated = 's' AND t.pubgencols = 's')"
#define PUBGENCOLS "p.pubgencols"
#define HIDES_GENERATED                                                                                      \
    "(r.has_generated AND (NOT EXISTS (SELECT FROM chosen k JOIN pg_catalog.pg_publication p"                \
    " ON p.oid = k.oid WHERE p.pubgencols = 's') OR EXISTS (SELECT FROM pg_catalog.pg_attribute a"           \
    " WHERE a.attrelid = r.oid AND NOT a.attisdropped AND a.attgenerated = 'v')))"
#else
#define HIDES_GENERATED "false"
#define IS_PUBLISHED "true"
#define PUBGENCOLS "NULL::pg_catalog.char AS pubgencols"
#endif

// Whether the column list lacks a column of the key; columns of a list of the root are matched by name.
#define UNLISTED(key)                                                                                        \
    "EXISTS (SELECT FROM pg_catalog.pg_attribute c WHERE c.attrelid = t.relid AND c.attnum = ANY (" key      \
    ") AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute l WHERE l.attrelid = t.publish_as"                \
    " AND l.attname = c.attname AND l.attnum = ANY (t.list)))"

// Whether the row filter reads a column outside the key.
#define UNREAD(key)                                                                                          \
    "EXISTS (SELECT FROM pg_catalog.regexp_matches(t.filter, ':varattno (-?[0-9]+)', 'g') AS m"              \
    " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute f"                                               \
    " JOIN pg_catalog.pg_attribute c ON c.attname = f.attname"                                               \
    " WHERE f.attrelid = t.publish_as AND f.attnum = m[1]::int2"                                             \
    " AND c.attrelid = t.relid AND c.attnum = ANY (" key ")))"

// Whether a generated column of them is not published.
#define UNPUBLISHED(columns)                                                                                 \
    "EXISTS (SELECT FROM pg_catalog.pg_attribute c WHERE c.attrelid = t.relid AND c.attnum > 0"              \
    " AND NOT c.attisdropped AND " columns " AND NOT " IS_PUBLISHED ")"

} // namespace

const char *const publication_facts_sql = R"(
, target AS MATERIALIZED (
    SELECT n.oid, pg_catalog.quote_ident(n.nspname) AS name,
           pg_catalog.quote_literal(n.nspname) AS literal,
           (SELECT pg_catalog.count(*) FROM relation r WHERE r.is_user) AS tables
    FROM pg_catalog.pg_namespace n
    WHERE n.oid = $1
), role AS MATERIALIZED (
    SELECT r.*, pg_catalog.quote_ident(r.rolname) AS name
    FROM pg_catalog.pg_roles r
    WHERE r.rolname = CURRENT_USER
), publication AS MATERIALIZED (
    SELECT p.*, pg_catalog.quote_ident(p.pubname) AS name, pg_catalog.quote_literal(p.pubname) AS literal,
           EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s
                   WHERE s.pnpubid = p.oid AND s.pnnspid = $1) AS is_schema,
           COALESCE((pg_catalog.to_jsonb(p) ->> 'puballsequences')::bool, false) AS is_for_sequences,
           NOT p.puballtables
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid)
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid) AS is_empty,
           (SELECT pg_catalog.count(*) FROM relation r WHERE p.oid = ANY (r.listed)) AS members
    FROM pg_catalog.pg_publication p
    WHERE CASE WHEN $2 <> '' THEN p.pubname = $2
          ELSE $3 <> 'lakehouse_sync'
               AND (p.puballtables OR p.oid IN (SELECT pg_catalog.unnest(r.listed) FROM relation r)
                    OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s
                               WHERE s.pnpubid = p.oid AND s.pnnspid = $1)) END
), chosen AS MATERIALIZED (
    SELECT p.oid, p.name, p.literal
    FROM publication p
    WHERE NOT p.puballtables AND NOT p.is_schema AND NOT p.is_for_sequences
    ORDER BY p.members DESC, p.pubname
    LIMIT 1
), uninvited AS MATERIALIZED (
    SELECT pg_catalog.string_agg(r.name, ', ' ORDER BY r.name COLLATE "C") AS names
    FROM relation r
    WHERE r.is_home AND (r.is_hidden OR r.is_extension) AND r.relkind <> 'f' AND r.relpersistence = 'p'
), ancestry AS (
    SELECT r.oid AS relid, c.oid AS ancestor, c.relnamespace, c.relispartition, 0 AS depth
    FROM relation r
    JOIN pg_catalog.pg_class c ON c.oid = r.oid
    WHERE r.relkind = 'r' AND r.relpersistence = 'p'
      AND (r.is_narrowed OR r.has_generated OR r.state NOT IN ('FULL', 'DEFAULT', 'INDEX'))
    UNION ALL
    SELECT a.relid, c.oid, c.relnamespace, c.relispartition, a.depth + 1
    FROM ancestry a
    JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.ancestor
    JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
    WHERE a.relispartition
), published AS (
    SELECT DISTINCT ON (a.relid, p.oid)
           a.relid, p.oid AS pubid, p.pubname, )" PUBGENCOLS R"(,
           CASE WHEN p.pubviaroot THEN a.ancestor ELSE a.relid END AS publish_as
    FROM ancestry a
    CROSS JOIN pg_catalog.pg_publication p
    WHERE (p.pubupdate OR p.pubdelete)
      AND (p.puballtables AND NOT )" EXCEPTED R"(
           OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel r
                      WHERE r.prrelid = a.ancestor AND r.prpubid = p.oid AND )" IS_LISTED R"()
           OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s
                      WHERE s.pnnspid = a.relnamespace AND s.pnpubid = p.oid))
    ORDER BY a.relid, p.oid, a.depth DESC
), detailed AS (
    SELECT t.*, c.relreplident = 'f' AS is_full, r.prattrs::int2[] AS list, r.prqual::text AS filter,
           (SELECT (k.indkey::int2[])[0:k.indnkeyatts - 1] FROM pg_catalog.pg_index k
            WHERE k.indrelid = t.relid AND k.indisvalid AND k.indimmediate
              AND CASE c.relreplident WHEN 'd' THEN k.indisprimary WHEN 'i' THEN k.indisreplident END) AS key,
           (SELECT (k.indkey::int2[])[0:k.indnkeyatts - 1] FROM pg_catalog.pg_index k
            WHERE k.indrelid = t.relid AND k.indisvalid AND k.indimmediate AND k.indisprimary) AS primary_key
    FROM published t
    JOIN pg_catalog.pg_class c ON c.oid = t.relid
    LEFT JOIN pg_catalog.pg_publication_rel r ON r.prpubid = t.pubid AND r.prrelid = t.publish_as
), hazard AS MATERIALIZED (
    SELECT t.*, COALESCE(pg_catalog.pg_partition_root(t.relid)::pg_catalog.oid, t.relid) AS home,
           CASE
           WHEN NOT t.is_full AND t.key IS NULL THEN 'no identity'
           WHEN t.list IS NOT NULL AND (t.is_full OR )" UNLISTED("t.key") R"() THEN 'column list'
           WHEN NOT t.is_full AND )" UNREAD("t.key") R"( THEN 'row filter'
           WHEN t.list IS NULL AND )" UNPUBLISHED("(t.is_full OR c.attnum = ANY (t.key))") R"( THEN 'generated column'
           END AS kind,
           t.primary_key IS NOT NULL AND (t.list IS NULL OR NOT )" UNLISTED(
    "t.primary_key") R"() AND NOT )" UNREAD("t.primary_key") R"(
           AND (t.list IS NOT NULL OR NOT )" UNPUBLISHED("c.attnum = ANY (t.primary_key)") R"() AS takes_default,
           t.list IS NULL AND NOT )" UNPUBLISHED("true") R"( AS takes_full
    FROM detailed t
), clash AS MATERIALIZED (
    SELECT h.kind, h.home, h.publish_as, h.list, h.filter, pg_catalog.quote_ident(h.pubname) AS publication,
           pg_catalog.min(h.relid) AS relid,
           pg_catalog.max(h.key) AS key
    FROM hazard h
    WHERE h.kind <> 'no identity'
    GROUP BY h.kind, h.home, h.pubid, h.pubname, h.publish_as, h.list, h.filter
), failing AS MATERIALIZED (
    SELECT h.home, pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(h.pubname), ', ') AS publications
    FROM hazard h
    WHERE h.kind = 'no identity'
    GROUP BY h.home
), misfit AS MATERIALIZED (
    SELECT o.oid, NOT pg_catalog.bool_and(h.takes_full) AS full_fails,
           NOT pg_catalog.bool_and(h.takes_default) AS default_fails
    FROM hazard h
    CROSS JOIN LATERAL (SELECT h.relid UNION SELECT h.home) o(oid)
    GROUP BY o.oid
), stubborn AS MATERIALIZED (
    SELECT r.oid
    FROM relation r
    WHERE )" HIDES_GENERATED R"(
), unready AS MATERIALIZED (
    SELECT r.oid, r.is_user AND r.relpersistence = 'p' AS joins,
           s.oid IS NOT NULL OR )" FULL_FAILS R"( AS is_stuck,
           pg_catalog.format('PERFORM dj_deploy.set_replica_identity(%L::regclass, ''full'', dry_run => false); ',
                             r.name) AS preparation
    FROM relation r
    LEFT JOIN stubborn s ON s.oid = r.oid
    WHERE (r.is_user OR r.relispartition)
      AND (s.oid IS NOT NULL AND r.state = 'FULL'
           OR r.relkind = 'r' AND r.state NOT IN ('FULL', 'DEFAULT', 'INDEX')
           OR r.oid IN (SELECT x.root FROM relation x
                        WHERE x.relispartition AND x.relkind = 'r'
                          AND (x.state NOT IN ('FULL', 'DEFAULT', 'INDEX')
                               OR x.state = 'FULL' AND x.oid IN (SELECT y.oid FROM stubborn y))))
))";

} // namespace dj_deploy
