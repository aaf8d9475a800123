// One query that answers for the future what the server decides at the moment of an UPDATE or DELETE.
#include "catalog/publications.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

#if PG_VERSION_NUM >= 190000
#define NOT_EXCEPTED "NOT r.prexcept"
#define EXCEPTED                                                                                             \
    "EXISTS (SELECT FROM pg_catalog.pg_publication_rel r JOIN ancestry e ON e.ancestor = r.prrelid"          \
    " WHERE r.prpubid = p.oid AND e.relid = a.relid AND r.prexcept)"
#else
#define NOT_EXCEPTED "true"
#define EXCEPTED "false"
#endif

#if PG_VERSION_NUM >= 180000
// Stored generated columns are published when the publication says so, virtual ones never.
#define IS_PUBLISHED "(c.attgenerated = '' OR c.attgenerated = 's' AND t.pubgencols = 's')"
#define PUBGENCOLS "p.pubgencols"
#else
#define IS_PUBLISHED "true"
#define PUBGENCOLS "NULL::pg_catalog.char AS pubgencols"
#endif

constexpr const char *any_publication_sql = R"(
    SELECT FROM pg_catalog.pg_publication p WHERE p.pubupdate OR p.pubdelete ORDER BY p.oid LIMIT 1)";

// ancestry   each table with itself (depth 0) and its partition ancestors
// published  each table with each publication of its updates or deletes, and the table whose column list and
//            row filter count: the topmost published ancestor under publish_via_partition_root, else itself
// judged     the number of the WriteHazard; columns of an ancestor's list or filter are matched by name
constexpr const char *sql = R"(
    WITH RECURSIVE ancestry AS (
        SELECT c.oid AS relid, c.oid AS ancestor, c.relnamespace, c.relispartition, 0 AS depth
        FROM pg_catalog.pg_class c
        WHERE c.oid = ANY ($1) AND c.relkind = 'r' AND c.relpersistence = 'p'
        UNION ALL
        SELECT a.relid, c.oid, c.relnamespace, c.relispartition, a.depth + 1
        FROM ancestry a
        JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.ancestor
        JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
        WHERE a.relispartition
    ), published AS (
        SELECT DISTINCT ON (a.relid, p.oid)
               a.relid, p.oid AS pubid, p.pubname, p.pubupdate, p.pubdelete, )" PUBGENCOLS R"(,
               CASE WHEN p.pubviaroot THEN a.ancestor ELSE a.relid END AS publish_as
        FROM ancestry a
        CROSS JOIN pg_catalog.pg_publication p
        WHERE (p.pubupdate OR p.pubdelete)
          AND (p.puballtables AND NOT )" EXCEPTED R"(
               OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel r
                          WHERE r.prrelid = a.ancestor AND r.prpubid = p.oid AND )" NOT_EXCEPTED R"()
               OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s
                          WHERE s.pnnspid = a.relnamespace AND s.pnpubid = p.oid))
        ORDER BY a.relid, p.oid, a.depth DESC
    ), detailed AS (
        SELECT t.*, r.prattrs, r.prqual::text AS prqual,
               (SELECT (k.indkey::int2[])[0:k.indnkeyatts - 1] FROM pg_catalog.pg_index k
                WHERE k.indrelid = t.relid AND k.indisprimary AND k.indisvalid AND k.indimmediate) AS key
        FROM published t
        LEFT JOIN pg_catalog.pg_publication_rel r ON r.prpubid = t.pubid AND r.prrelid = t.publish_as
    ), judged AS (
        SELECT t.relid, t.pubname, t.pubupdate, t.pubdelete,
               CASE
               WHEN NOT $2 AND t.key IS NULL THEN 1 -- no_primary_key
               WHEN t.prattrs IS NOT NULL AND ($2 OR EXISTS (
                   SELECT FROM pg_catalog.pg_attribute c
                   WHERE c.attrelid = t.relid AND c.attnum = ANY (t.key)
                     AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute l
                                     WHERE l.attrelid = t.publish_as AND l.attname = c.attname
                                       AND l.attnum = ANY (t.prattrs::int2[])))) THEN 2 -- column_list
               WHEN NOT $2 AND EXISTS (
                   SELECT FROM pg_catalog.regexp_matches(t.prqual, ':varattno (-?[0-9]+)', 'g') AS m
                   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute f
                                     JOIN pg_catalog.pg_attribute c ON c.attname = f.attname
                                     WHERE f.attrelid = t.publish_as AND f.attnum = m[1]::int2
                                       AND c.attrelid = t.relid AND c.attnum = ANY (t.key))) THEN 3 -- row_filter
               WHEN t.prattrs IS NULL AND EXISTS (
                   SELECT FROM pg_catalog.pg_attribute c
                   WHERE c.attrelid = t.relid AND c.attnum > 0 AND NOT c.attisdropped
                     AND ($2 OR c.attnum = ANY (t.key)) AND NOT )" IS_PUBLISHED
                            R"() THEN 4 -- generated_column
               ELSE 0
               END AS hazard
        FROM detailed t
    )
    SELECT j.relid, j.pubname, j.pubupdate, j.pubdelete, j.hazard
    FROM judged j
    WHERE j.hazard > 0
    ORDER BY j.relid, j.pubname)";

bool has_publication_of_writes()
{
    bool found = false;
    query(any_publication_sql, [&](const Row &) { found = true; });
    return found;
}

} // namespace

Array<BrokenWrite> read_broken_writes(std::span<const ::Oid> tables, bool is_full)
{
    Array<BrokenWrite> broken;
    if (tables.empty() || !has_publication_of_writes())
        return broken;

    const auto add = [&](const Row &row) {
        broken.push({
            .table = row.oid(1),
            .publication = row.name(2),
            .is_update = row.boolean(3),
            .is_delete = row.boolean(4),
            .hazard = static_cast<WriteHazard>(row.integer(5)),
        });
    };
    query(sql, add, tables, is_full);
    return broken;
}

} // namespace dj_deploy
