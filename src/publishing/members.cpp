// Reads pg_publication_rel of one publication.
#include "publishing/members.hpp"

#include "catalog/ancestors.hpp"
#include "pg/query.hpp"
#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

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

} // namespace

Members Members::of(const Publication &publication, std::span<const ::Oid> coming,
                    std::span<const ::Oid> going)
{
    Members members{};
    for (const ::Oid table : coming)
        members.listed.push({.table = table, .is_plain = true});
    const auto add = [&](::HeapTuple row) {
        const ::Oid table = fixed_part<FormData_pg_publication_rel>(row).prrelid;
        if (std::binary_search(coming.begin(), coming.end(), table) ||
            std::binary_search(going.begin(), going.end(), table))
            return;
        const bool is_plain = heap_attisnull(row, Anum_pg_publication_rel_prqual, nullptr) &&
                              heap_attisnull(row, Anum_pg_publication_rel_prattrs, nullptr);
        members.listed.push({.table = table, .is_plain = is_plain});
    };
    if (OidIsValid(publication.oid))
        with_catalog(PublicationRelRelationId, PublicationRelPrpubidIndexId, [&](const Catalog &catalog) {
            catalog.scan({{Anum_pg_publication_rel_prpubid, publication.oid}}, add);
        });
    std::sort(members.listed.begin(), members.listed.end(),
              [](const Member &left, const Member &right) { return left.table < right.table; });
    for (const Member &member : members.listed)
        if (publication.is_via_root && !member.is_plain)
            for (const ::Oid ancestor : read_ancestors(member.table))
                members.narrowed.push(ancestor);
    std::sort(members.narrowed.begin(), members.narrowed.end());
    return members;
}

const Member *Members::find(::Oid table) const
{
    return find_sorted(listed.view(), &Member::table, table);
}

bool Members::holds_above(::Oid table) const
{
    const Array<::Oid> ancestors = read_ancestors(table);
    return std::any_of(ancestors.begin(), ancestors.end(),
                       [&](::Oid ancestor) { return find(ancestor) != nullptr; });
}

bool Members::is_narrowed_below(::Oid table) const
{
    return std::binary_search(narrowed.begin(), narrowed.end(), table);
}

const char *read_narrowing(const char *publication, ::Oid table)
{
    const char *narrowing = "";
    // The filter's constants read alike in every session.
    const std::initializer_list<Setting> settings = {{"datestyle", "ISO, YMD"},
                                                     {"timezone", "UTC"},
                                                     {"extra_float_digits", "1"},
                                                     {"bytea_output", "hex"},
                                                     {"standard_conforming_strings", "on"}};
    with_settings(settings, [&] {
        query(
            narrowing_sql, [&](const Row &row) { narrowing = row.string(1); }, publication, table);
    });
    return narrowing;
}

} // namespace dj_deploy
