// Reads pg_publication, pg_publication_rel and pg_publication_namespace.
#include "catalog/membership.hpp"

#include "pg/query.hpp"
#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

// Columns that only newer servers have are read through jsonb.
constexpr const char *publication_sql = R"(
    SELECT pg_catalog.pg_has_role(p.pubowner, 'USAGE'),
           CASE WHEN p.puballtables THEN 'FOR ALL TABLES'
                WHEN (pg_catalog.to_jsonb(p) ->> 'puballsequences')::bool THEN 'FOR ALL SEQUENCES' END,
           EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid AND s.pnnspid = $2),
           NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid)
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid),
           p.pubupdate OR p.pubdelete,
           COALESCE(pg_catalog.to_jsonb(p) ->> 'pubgencols' = 's', false),
           p.pubviaroot
    FROM pg_catalog.pg_publication p
    WHERE p.oid = $1
    ORDER BY p.oid)";

#if PG_VERSION_NUM >= 180000
#define HAS_UNPUBLISHED_COLUMN                                                                               \
    "EXISTS (SELECT FROM pg_catalog.pg_attribute a"                                                          \
    " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> ''"             \
    " AND NOT (a.attgenerated = 's' AND $2) AND (c.relreplident = 'f' OR a.attnum = ANY (i.indkey)))"
#else
#define HAS_UNPUBLISHED_COLUMN "$2 AND false"
#endif

constexpr const char *narrowing_sql = R"(
    SELECT COALESCE(' (' || (SELECT pg_catalog.string_agg('"' || pg_catalog.replace(a.attname, '"', '""') || '"', ', '
                                                          ORDER BY l.number)
                             FROM pg_catalog.unnest(r.prattrs::int2[]) WITH ORDINALITY AS l(attnum, number)
                             JOIN pg_catalog.pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = l.attnum)
                    || ')', '')
           || COALESCE(' WHERE (' || pg_catalog.pg_get_expr(r.prqual, r.prrelid) || ')', '')
    FROM pg_catalog.pg_publication_rel r
    JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
    WHERE p.pubname = $1 AND r.prrelid = $2
    ORDER BY r.oid)";

constexpr const char *unidentified_sql = R"(
    SELECT c.oid
    FROM pg_catalog.pg_class c
    LEFT JOIN pg_catalog.pg_index i
         ON i.indrelid = c.oid AND i.indimmediate AND i.indisvalid
            AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END
    WHERE c.oid = ANY ($1) AND c.relkind = 'r' AND c.relpersistence = 'p'
      AND (c.relreplident <> 'f' AND i.indexrelid IS NULL OR )" HAS_UNPUBLISHED_COLUMN R"()
    ORDER BY c.oid)";

} // namespace

Publication read_publication(const char *name, ::Oid schema)
{
    Publication publication{};
    const ::Oid oid = ::get_publication_oid(name, true);
    if (!OidIsValid(oid))
        return publication;
    const auto read = [&](const Row &row) {
        publication = {
            .oid = oid,
            .is_owned = row.boolean(1),
            .for_all = row.string(2),
            .has_schema = row.boolean(3),
            .is_empty = row.boolean(4),
            .has_writes = row.boolean(5),
            .has_generated = row.boolean(6),
            .is_via_root = row.boolean(7),
        };
    };
    query(publication_sql, read, oid, schema);
    return publication;
}

Listing Listing::of(const Publication &publication, std::span<const ::Oid> coming,
                    std::span<const ::Oid> going)
{
    Listing listing{};
    for (const ::Oid table : coming)
        listing.members.push({.table = table, .is_plain = true});
    const auto add = [&](::HeapTuple row) {
        const ::Oid table = fixed_part<FormData_pg_publication_rel>(row).prrelid;
        if (std::binary_search(coming.begin(), coming.end(), table) ||
            std::binary_search(going.begin(), going.end(), table))
            return;
        const bool is_plain = heap_attisnull(row, Anum_pg_publication_rel_prqual, nullptr) &&
                              heap_attisnull(row, Anum_pg_publication_rel_prattrs, nullptr);
        listing.members.push({.table = table, .is_plain = is_plain});
    };
    if (OidIsValid(publication.oid))
        with_catalog(PublicationRelRelationId, PublicationRelPrpubidIndexId, [&](const Catalog &listed) {
            listed.scan({{Anum_pg_publication_rel_prpubid, publication.oid}}, add);
        });
    std::sort(listing.members.begin(), listing.members.end(),
              [](const Member &left, const Member &right) { return left.table < right.table; });
    for (const Member &member : listing.members)
        if (publication.is_via_root && !member.is_plain)
            for (const ::Oid ancestor : read_ancestors(member.table))
                listing.narrowed.push(ancestor);
    std::sort(listing.narrowed.begin(), listing.narrowed.end());
    return listing;
}

const Member *Listing::find(::Oid table) const
{
    return find_sorted(members.view(), &Member::table, table);
}

bool Listing::holds_above(::Oid table) const
{
    const Array<::Oid> ancestors = read_ancestors(table);
    return std::any_of(ancestors.begin(), ancestors.end(),
                       [&](::Oid ancestor) { return find(ancestor) != nullptr; });
}

bool Listing::is_narrowed_below(::Oid table) const
{
    return std::binary_search(narrowed.begin(), narrowed.end(), table);
}

const char *read_narrowing(const char *publication, ::Oid table)
{
    const char *narrowing = "";
    // The filter's constants read alike in every session.
    const std::initializer_list<Setting> settings = {{"datestyle", "ISO, YMD"},
                                                     {"extra_float_digits", "1"},
                                                     {"bytea_output", "hex"},
                                                     {"standard_conforming_strings", "on"}};
    with_settings(settings, [&] {
        query(
            narrowing_sql, [&](const Row &row) { narrowing = row.string(1); }, publication, table);
    });
    return narrowing;
}

Array<::Oid> read_ancestors(::Oid table)
{
    Array<::Oid> ancestors;
    // The server's function follows inheritance of any kind.
    const ::List *list = ::get_rel_relispartition(table) ? ::get_partition_ancestors(table) : NIL;
    for (int index = 0; index < ::list_length(list); index++)
        ancestors.push(::list_nth_oid(list, index));
    return ancestors;
}

Array<::Oid> read_unidentified(std::span<const ::Oid> tables, bool has_generated)
{
    Array<::Oid> unidentified;
    query(
        unidentified_sql, [&](const Row &row) { unidentified.push(row.oid(1)); }, tables, has_generated);
    return unidentified;
}

} // namespace dj_deploy
