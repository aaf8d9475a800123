// Writes that the server refuses now, because a published table and its replica identity do not fit: the
// fourth case, no identity at all, is told with the identity.
#include "checks/facts.hpp"

namespace dj_deploy {

namespace {

// Whether DEFAULT does instead of FULL.
#define NO_LONGER_FULL "($3 <> 'lakehouse_sync' AND r.state = 'FULL' AND NOT " DEFAULT_FAILS ")"

// Columns that somebody has left out stay left out where the key will do; to publish the row it takes them
// all.
constexpr const char *column_list = R"(
    SELECT r.name, pg_catalog.format('UPDATE and DELETE fail now: publication %s lists columns of %s, ', h.publication,
                                     b.name)
                   || COALESCE('without ' || l.missing || pg_catalog.format(', which belong%s to its replica identity',
                                                 CASE WHEN l.missing LIKE '%,%' THEN '' ELSE 's' END),
                               'all of them, but FULL goes with no list'),
           CASE WHEN )" NO_LONGER_FULL " THEN " SET_IDENTITY("default") R"(
           WHEN h.filter IS NULL THEN pg_catalog.format('DO %L', pg_catalog.format(
               'BEGIN ALTER PUBLICATION %s DROP TABLE ONLY %s; ALTER PUBLICATION %s ADD TABLE ONLY %s%s; END',
               h.publication, b.name, h.publication, b.name,
               CASE WHEN r.state = 'FULL' THEN '' ELSE ' (' || l.completed || ')' END)) END
    FROM clash h
    JOIN relation r ON r.oid = h.home
    JOIN relation b ON b.oid = h.publish_as
    CROSS JOIN LATERAL (
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
               FILTER (WHERE NOT a.attnum = ANY (h.list) AND (r.state = 'FULL' OR k.attnum IS NOT NULL)) AS missing,
               pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
               FILTER (WHERE a.attnum = ANY (h.list) OR k.attnum IS NOT NULL) AS completed
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attribute k
             ON k.attrelid = h.relid AND k.attname = a.attname AND k.attnum = ANY (h.key)
        WHERE a.attrelid = h.publish_as AND a.attnum > 0 AND NOT a.attisdropped
    ) l
    WHERE h.kind = 'column list')";

// With a column list, of this publication or another, FULL would not do either.
constexpr const char *row_filter = R"(
    SELECT r.name, pg_catalog.format('UPDATE and DELETE fail now: the row filter of publication %s reads columns of %s '
                                     'outside its replica identity%s', h.publication, b.name,
                                     CASE WHEN NOT )" FULL_FAILS R"( THEN '' ELSE
                                     '. Take them into a unique index and make that the identity.' END),
           CASE WHEN NOT )" FULL_FAILS " THEN " SET_IDENTITY("full") R"( END
    FROM clash h
    JOIN relation r ON r.oid = h.home
    JOIN relation b ON b.oid = h.publish_as
    WHERE h.kind = 'row filter')";

// 18 and later. Virtual columns are never published.
constexpr const char *generated_column = R"(
    SELECT r.name, pg_catalog.format('UPDATE and DELETE fail now: publication %s does not publish generated columns '
                                     '(%s) of its replica identity', h.publication, l.names),
           CASE WHEN NOT l.has_virtual THEN
                pg_catalog.format('ALTER PUBLICATION %s SET (publish_generated_columns = stored)', h.publication)
           WHEN )" NO_LONGER_FULL " THEN " SET_IDENTITY("default") R"( END
    FROM clash h
    JOIN relation r ON r.oid = h.home
    JOIN relation b ON b.oid = h.publish_as
    CROSS JOIN LATERAL (
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) AS names,
               pg_catalog.bool_or(a.attgenerated <> 's') AS has_virtual
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> ''
    ) l
    WHERE h.kind = 'generated column')";

constexpr std::array checks = std::to_array<Check>({
    {.name = "write_column_list", .severities = "eeeee", .sql = column_list},
    {.name = "write_row_filter", .severities = "eeeee", .sql = row_filter},
    {.name = "write_generated_column", .severities = "eeeee", .sql = generated_column},
});

} // namespace

const std::span<const Check> write_checks = checks;

} // namespace dj_deploy
