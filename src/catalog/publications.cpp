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
#define IS_PUBLISHED "(c.attgenerated = '' OR c.attgenerated = 's' AND t.has_generated)"
#define HAS_GENERATED "p.pubgencols = 's'"
#else
#define IS_PUBLISHED "true"
#define HAS_GENERATED "false"
#endif

constexpr const char *any_publication_sql = R"(
    SELECT FROM pg_catalog.pg_publication p WHERE p.pubupdate OR p.pubdelete ORDER BY p.oid LIMIT 1)";

// asked        the tables and the identities that they are to have
// publication  as they are, or as intended
// listing      what they list, likewise; of a table that is added no column list and no row filter
// ancestry     each table with itself (depth 0) and its partition ancestors
// published    each table with each publication of its updates or deletes, and the table whose list and
// filter
//              count: the topmost published ancestor under publish_via_partition_root, else itself
// judged       the number of the WriteHazard; columns of an ancestor's list or filter are matched by name
constexpr const char *sql = R"(
    WITH RECURSIVE asked AS (
        SELECT t.relid, t.kind, t.index
        FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) AS t(relid, kind, index)
    ), publication AS (
        SELECT p.oid, p.pubname::text, p.pubupdate, p.pubdelete, p.pubviaroot, p.puballtables, )" HAS_GENERATED
                            R"( AS has_generated
        FROM pg_catalog.pg_publication p
        WHERE p.oid <> ALL ($4)
        UNION ALL
        SELECT i.oid, i.name::text, (i.options & 1) <> 0, (i.options & 2) <> 0, (i.options & 4) <> 0,
               COALESCE(p.puballtables, false), (i.options & 8) <> 0
        FROM ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6)) AS i(oid, name, options)
        LEFT JOIN pg_catalog.pg_publication p ON p.oid = i.oid
    ), listing AS (
        SELECT r.prpubid, r.prrelid, r.prattrs, r.prqual::text AS prqual
        FROM pg_catalog.pg_publication_rel r
        WHERE )" NOT_EXCEPTED R"( AND NOT EXISTS (
            SELECT FROM ROWS FROM (pg_catalog.unnest($9), pg_catalog.unnest($10)) AS d(pubid, relid)
            WHERE d.pubid = r.prpubid AND d.relid = r.prrelid)
        UNION ALL
        SELECT a.pubid, a.relid, NULL, NULL
        FROM ROWS FROM (pg_catalog.unnest($7), pg_catalog.unnest($8)) AS a(pubid, relid)
    ), ancestry AS (
        SELECT c.oid AS relid, c.oid AS ancestor, c.relnamespace, c.relispartition, 0 AS depth
        FROM asked t
        JOIN pg_catalog.pg_class c ON c.oid = t.relid
        WHERE c.relkind = 'r' AND c.relpersistence = 'p'
        UNION ALL
        SELECT a.relid, c.oid, c.relnamespace, c.relispartition, a.depth + 1
        FROM ancestry a
        JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.ancestor
        JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
        WHERE a.relispartition
    ), published AS (
        SELECT DISTINCT ON (a.relid, p.oid)
               a.relid, p.oid AS pubid, p.pubname, p.pubupdate, p.pubdelete, p.has_generated,
               CASE WHEN p.pubviaroot THEN a.ancestor ELSE a.relid END AS publish_as
        FROM ancestry a
        CROSS JOIN publication p
        WHERE (p.pubupdate OR p.pubdelete)
          AND (p.puballtables AND NOT )" EXCEPTED R"(
               OR EXISTS (SELECT FROM listing r WHERE r.prrelid = a.ancestor AND r.prpubid = p.oid)
               OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s
                          WHERE s.pnnspid = a.relnamespace AND s.pnpubid = p.oid))
        ORDER BY a.relid, p.oid, a.depth DESC
    ), detailed AS (
        SELECT p.*, t.kind = 'f' AS is_full, r.prattrs, r.prqual,
               (SELECT (k.indkey::int2[])[0:k.indnkeyatts - 1] FROM pg_catalog.pg_index k
                WHERE k.indrelid = p.relid AND k.indisvalid AND k.indimmediate
                  AND CASE t.kind WHEN 'd' THEN k.indisprimary WHEN 'i' THEN k.indexrelid = t.index END) AS key
        FROM published p
        JOIN asked t ON t.relid = p.relid
        LEFT JOIN listing r ON r.prpubid = p.pubid AND r.prrelid = p.publish_as
    ), judged AS (
        SELECT t.relid, t.pubname, t.pubupdate, t.pubdelete,
               CASE
               WHEN NOT t.is_full AND t.key IS NULL THEN 1 -- no_primary_key
               WHEN t.prattrs IS NOT NULL AND (t.is_full OR EXISTS (
                   SELECT FROM pg_catalog.pg_attribute c
                   WHERE c.attrelid = t.relid AND c.attnum = ANY (t.key)
                     AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute l
                                     WHERE l.attrelid = t.publish_as AND l.attname = c.attname
                                       AND l.attnum = ANY (t.prattrs::int2[])))) THEN 2 -- column_list
               WHEN NOT t.is_full AND EXISTS (
                   SELECT FROM pg_catalog.regexp_matches(t.prqual, ':varattno (-?[0-9]+)', 'g') AS m
                   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute f
                                     JOIN pg_catalog.pg_attribute c ON c.attname = f.attname
                                     WHERE f.attrelid = t.publish_as AND f.attnum = m[1]::int2
                                       AND c.attrelid = t.relid AND c.attnum = ANY (t.key))) THEN 3 -- row_filter
               WHEN t.prattrs IS NULL AND EXISTS (
                   SELECT FROM pg_catalog.pg_attribute c
                   WHERE c.attrelid = t.relid AND c.attnum > 0 AND NOT c.attisdropped
                     AND (t.is_full OR c.attnum = ANY (t.key)) AND NOT )" IS_PUBLISHED
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

// A list of each field, as the query takes them.
struct IntentLists {
    Array<::Oid> oids;
    Array<const char *> names;
    Array<std::int32_t> options;
};

IntentLists lists_of(std::span<const PublicationOptions> publications)
{
    IntentLists lists{};
    for (const PublicationOptions &publication : publications) {
        lists.oids.push(publication.oid);
        lists.names.push(publication.name);
        lists.options.push((publication.is_update ? 1 : 0) | (publication.is_delete ? 2 : 0) |
                           (publication.is_via_root ? 4 : 0) | (publication.has_generated ? 8 : 0));
    }
    return lists;
}

Array<::Oid> oids_of(std::span<const PublicationMember> members, ::Oid PublicationMember::*field)
{
    Array<::Oid> oids;
    for (const PublicationMember &member : members)
        oids.push(member.*field);
    return oids;
}

} // namespace

Array<BrokenWrite> read_broken_writes(std::span<const Identity> identities, const PublicationIntent &intent)
{
    Array<BrokenWrite> broken;
    if (identities.empty() || (intent.publications.is_empty() && !has_publication_of_writes()))
        return broken;

    Array<::Oid> tables;
    Array<const char *> kinds;
    Array<::Oid> indexes;
    for (const Identity &identity : identities) {
        tables.push(identity.table);
        kinds.push(::psprintf("%c", identity.kind));
        indexes.push(identity.index);
    }
    const IntentLists lists = lists_of(intent.publications.view());
    const auto add = [&](const Row &row) {
        broken.push({
            .table = row.oid(1),
            .publication = row.string(2),
            .is_update = row.boolean(3),
            .is_delete = row.boolean(4),
            .hazard = static_cast<WriteHazard>(row.integer(5)),
        });
    };
    query(sql, add, tables.view(), kinds.view(), indexes.view(), lists.oids.view(), lists.names.view(),
          lists.options.view(), oids_of(intent.added.view(), &PublicationMember::publication).view(),
          oids_of(intent.added.view(), &PublicationMember::table).view(),
          oids_of(intent.dropped.view(), &PublicationMember::publication).view(),
          oids_of(intent.dropped.view(), &PublicationMember::table).view());
    return broken;
}

} // namespace dj_deploy
