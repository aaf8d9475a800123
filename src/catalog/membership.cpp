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
           COALESCE(pg_catalog.to_jsonb(p) ->> 'pubgencols' = 's', false)
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

constexpr const char *unidentified_sql = R"(
    SELECT c.oid
    FROM pg_catalog.pg_class c
    LEFT JOIN pg_catalog.pg_index i
         ON i.indrelid = c.oid AND i.indimmediate AND i.indisvalid
            AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END
    WHERE c.oid = ANY ($1) AND c.relkind = 'r'
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
        };
    };
    query(publication_sql, read, oid, schema);
    return publication;
}

Array<Member> read_members(::Oid publication)
{
    Array<Member> members;
    if (!OidIsValid(publication))
        return members;
    with_catalog(PublicationRelRelationId, PublicationRelPrpubidIndexId, [&](const Catalog &listed) {
        listed.scan({{Anum_pg_publication_rel_prpubid, publication}}, [&](::HeapTuple row) {
            const bool is_plain = heap_attisnull(row, Anum_pg_publication_rel_prqual, nullptr) &&
                                  heap_attisnull(row, Anum_pg_publication_rel_prattrs, nullptr);
            members.push(
                {.table = fixed_part<FormData_pg_publication_rel>(row).prrelid, .is_plain = is_plain});
        });
    });
    std::sort(members.begin(), members.end(),
              [](const Member &left, const Member &right) { return left.table < right.table; });
    return members;
}

const Member *find_member(std::span<const Member> members, ::Oid table)
{
    const auto found = std::lower_bound(members.begin(), members.end(), table,
                                        [](const Member &member, ::Oid oid) { return member.table < oid; });
    return found != members.end() && found->table == table ? &*found : nullptr;
}

::Oid root_of(const Table &table)
{
    return table.is_partition ? llast_oid(::get_partition_ancestors(table.oid)) : table.oid;
}

bool has_listed_ancestor(const Table &table, std::span<const Member> members)
{
    if (!table.is_partition)
        return false;
    const ::List *ancestors = ::get_partition_ancestors(table.oid);
    return std::any_of(members.begin(), members.end(),
                       [&](const Member &member) { return ::list_member_oid(ancestors, member.table); });
}

Array<::Oid> read_unidentified(std::span<const ::Oid> tables, bool has_generated)
{
    Array<::Oid> unidentified;
    query(
        unidentified_sql, [&](const Row &row) { unidentified.push(row.oid(1)); }, tables, has_generated);
    return unidentified;
}

} // namespace dj_deploy
