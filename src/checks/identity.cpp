// Replica identity: what the WAL says of the row that an UPDATE or DELETE was about.
#include "checks/facts.hpp"

namespace dj_deploy {

namespace {

// FULL makes writes fail on what is published with a column list or, from 18 on, without its generated
// columns.
#define WHY_NOT_FULL                                                                                         \
    "CASE WHEN NOT " FULL_FAILS " THEN '' WHEN r.has_list OR NOT r.has_generated "                           \
    "THEN '. With FULL writes would fail, because a publication lists columns of it.' "                      \
    "ELSE '. With FULL writes would fail where generated columns are not published.' END"

// What a table in such a state means. Of a partitioned table the server asks nothing: its partitions count.
#define UNUSABLE(finding, states)                                                                            \
    "SELECT r.name, " finding " || COALESCE(l.names, '') || ': UPDATE and DELETE fail ' || "                 \
    "CASE WHEN f.home IS NULL THEN 'once a publication of them holds the table' "                            \
    "ELSE 'now, published by ' || f.publications END "                                                       \
    "|| " WHY_NOT_FULL ", CASE WHEN NOT " FULL_FAILS                                                         \
    " THEN " SET_IDENTITY("full") " WHEN r.has_key AND NOT " DEFAULT_FAILS " THEN " SET_IDENTITY(            \
        "default") " END FROM relation r LEFT JOIN failing f ON f.home = r.oid "                             \
                   "LEFT JOIN (SELECT x.root, x.state, ', in partition ' || pg_catalog.min(x.name) || "      \
                   "CASE WHEN pg_catalog.count(*) > 1 THEN pg_catalog.format(' and %s more', "               \
                   "pg_catalog.count(*) - 1) ELSE '' END AS names FROM relation x "                          \
                   "WHERE x.relkind = 'r' AND x.relpersistence = 'p' AND x.root IS NOT NULL "                \
                   "GROUP BY x.root, x.state) l ON l.root = r.oid AND l.state = r.state "                    \
                   "WHERE r.is_user AND (r.relkind <> 'p' OR l.root IS NOT NULL) AND r.state = " states

constexpr const char *no_key =
    UNUSABLE("'replica identity is DEFAULT, but no primary key identifies rows (a deferrable one does not)'",
             "'DEFAULT without a primary key'");

constexpr const char *nothing = UNUSABLE("'replica identity is NOTHING'", "'NOTHING'");

constexpr const char *index_dropped =
    UNUSABLE("'replica identity is an index that is dropped or not valid'", "'INDEX, dropped'");

// Where large values or a list of columns speak against FULL, only who cannot do without is told.
constexpr const char *not_full = R"(
    SELECT r.name,
           pg_catalog.format('replica identity is %s: %s', CASE r.state WHEN 'INDEX' THEN 'an index' ELSE r.state END,
                             CASE $3
                             WHEN 'lakehouse_sync' THEN
                             'Lakehouse Sync skips tables without FULL, and raises no error'
                             ELSE 'consumers receive at most the key of old rows; Lakehouse Sync skips the table'
                             END) || )" WHY_NOT_FULL R"(,
           CASE WHEN NOT )" FULL_FAILS " THEN " SET_IDENTITY("full") R"( END
    FROM relation r
    WHERE r.is_user AND r.relpersistence = 'p'
      AND (r.state IN ('DEFAULT', 'INDEX')
           OR r.relkind = 'p' AND r.state = 'DEFAULT without a primary key'
              AND r.oid IN (SELECT x.root FROM relation x WHERE x.relkind = 'r' AND x.state IN ('DEFAULT', 'INDEX')))
      AND ($3 = 'lakehouse_sync' OR r.toast_bytes < )" RISKY_BYTES R"( AND NOT )" FULL_FAILS R"()
      AND NOT ($3 = 'debezium' AND r.large IS NOT NULL))";

// A table of partitions carries no rows: the identity of the partitions counts.
#define LIKE_ITS_ROOT                                                                                        \
    "CASE WHEN b.state = 'DEFAULT' AND r.has_key AND NOT " DEFAULT_FAILS " THEN " SET_IDENTITY(              \
        "default") " WHEN b.state = 'FULL' AND NOT " FULL_FAILS " "                                          \
                   "THEN " SET_IDENTITY(                                                                     \
                       "full") " WHEN b.oid NOT IN (SELECT m.oid FROM misfit m WHERE m.full_fails) THEN "    \
                               "pg_catalog.format('SELECT dj_deploy.set_replica_identity("                   \
                               "%L::regclass, ''full'', dry_run => false)', b.name) END"

constexpr const char *partition_without_identity = R"(
    SELECT r.name, pg_catalog.format('replica identity of the partition is %s, that of %s is %s: UPDATE and DELETE fail %s',
                                     r.state, b.name, b.state,
                                     COALESCE('now, published by ' || f.publications,
                                              'once a publication of them holds the table')),
           )" LIKE_ITS_ROOT R"(
    FROM relation r
    JOIN relation b ON b.oid = r.root
    LEFT JOIN (SELECT h.relid, pg_catalog.string_agg(pg_catalog.quote_ident(h.pubname), ', ' ORDER BY h.pubname)
                      AS publications
               FROM hazard h
               WHERE h.kind = 'no identity'
               GROUP BY h.relid) f ON f.relid = r.oid
    WHERE b.is_user AND r.relkind = 'r' AND r.state <> b.state AND r.state NOT IN ('FULL', 'DEFAULT', 'INDEX'))";

// Published through the root, rows come with the key of the root; else a root that has none changes nothing.
constexpr const char *partition_differs = R"(
    SELECT r.name, pg_catalog.format('replica identity of the partition is %s, that of %s is %s: of its rows '
                                     'consumers receive something else', r.state, b.name, b.state),
           )" LIKE_ITS_ROOT R"(
    FROM relation r
    JOIN relation b ON b.oid = r.root
    WHERE b.is_user AND r.relkind = 'r' AND r.state <> b.state AND r.state IN ('FULL', 'DEFAULT', 'INDEX')
      AND NOT (r.state = 'DEFAULT' AND b.state = 'DEFAULT without a primary key' AND NOT EXISTS (
          SELECT FROM publication p CROSS JOIN LATERAL (SELECT b.*) r WHERE p.pubviaroot AND )" PUBLISHES
                                          "))";

// The one unique index that could be the primary key, if there is one.
constexpr const char *full_without_key = R"(
    SELECT r.name, CASE $3
           WHEN 'debezium' THEN 'no primary key: events have no message key, and order per row is lost'
           WHEN 'clickpipes' THEN 'no primary key: all columns together become the key, and equal rows one row'
           WHEN 'postgres' THEN 'no primary key: each UPDATE and DELETE reads the whole table at the subscriber'
           ELSE 'no primary key: consumers cannot tell equal rows apart' END
           || CASE WHEN u.name IS NULL THEN '. Add one.' ELSE '. A unique index could be it.' END,
           'ALTER TABLE ' || r.name || ' ADD PRIMARY KEY USING INDEX ' || u.name
    FROM relation r
    LEFT JOIN LATERAL (
        SELECT pg_catalog.quote_ident(c.relname) AS name
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = r.oid AND r.relkind = 'r' AND i.indisunique AND i.indisvalid AND i.indimmediate
          AND i.indpred IS NULL AND 0 <> ALL (i.indkey::int2[])
          AND 0 = ALL (i.indoption::int2[])
          AND NOT EXISTS (
              SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS s(key)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = i.indkey[s.key]
              JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[s.key]
              WHERE NOT a.attnotnull OR NOT o.opcdefault OR i.indcollation[s.key] <> a.attcollation
                 OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
                            WHERE k.conrelid = r.oid AND k.contype = 'n' AND NOT k.convalidated
                              AND k.conkey = ARRAY[a.attnum]))
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid)
        ORDER BY i.indnkeyatts, c.relname
        LIMIT 1
    ) u ON true
    WHERE r.is_user AND r.state = 'FULL' AND NOT r.has_key)";

constexpr std::array checks = std::to_array<Check>({
    {.name = "no_primary_key",
     .severities = "eeeee",
     .sql = no_key,
     .schema_remedy = SET_SCHEMA_IDENTITY_FULL},
    {.name = "identity_nothing",
     .severities = "eeeee",
     .sql = nothing,
     .schema_remedy = SET_SCHEMA_IDENTITY_FULL},
    {.name = "identity_index_dropped", .severities = "eeeee", .sql = index_dropped},
    {.name = "identity_not_full",
     .severities = "iei--",
     .sql = not_full,
     .schema_remedy = SET_SCHEMA_IDENTITY_FULL},
    {.name = "partition_without_identity", .severities = "eeeee", .sql = partition_without_identity},
    {.name = "partition_differs", .severities = "wewww", .sql = partition_differs},
    {.name = "full_without_primary_key", .severities = "i-www", .sql = full_without_key},
});

} // namespace

const std::span<const Check> identity_checks = checks;

} // namespace dj_deploy
