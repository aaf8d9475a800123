// Reads pg_publication_rel of the publications.
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

struct Membership {
    ::Oid publication;
    Member member;
};

// By publication and table.
Array<Membership> read_memberships(std::span<const ::Oid> publications)
{
    Array<Membership> memberships;
    with_catalog(PublicationRelRelationId, PublicationRelPrpubidIndexId, [&](const Catalog &catalog) {
        catalog.scan_each(Anum_pg_publication_rel_prpubid, publications, [&](::HeapTuple row) {
            const auto &fixed = fixed_part<FormData_pg_publication_rel>(row);
            const bool is_plain = heap_attisnull(row, Anum_pg_publication_rel_prqual, nullptr) &&
                                  heap_attisnull(row, Anum_pg_publication_rel_prattrs, nullptr);
            memberships.push(
                {.publication = fixed.prpubid, .member = {.table = fixed.prrelid, .is_plain = is_plain}});
        });
    });
    std::sort(memberships.begin(), memberships.end(), [](const Membership &left, const Membership &right) {
        return left.publication != right.publication ? left.publication < right.publication
                                                     : left.member.table < right.member.table;
    });
    return memberships;
}

} // namespace

Members Members::of(const Publication &publication)
{
    Array<Member> listed;
    if (OidIsValid(publication.oid))
        for (const Membership &membership : read_memberships({&publication.oid, 1}))
            listed.push(membership.member);
    return of(listed, publication.is_via_root);
}

Members Members::of(const Array<Member> &listed, bool is_via_root)
{
    Members members{.listed = listed, .narrowed = {}};
    for (const Member &member : listed)
        if (is_via_root && !member.is_plain)
            for (const ::Oid ancestor : read_ancestors(member.table))
                members.narrowed.push(ancestor);
    std::sort(members.narrowed.begin(), members.narrowed.end());
    return members;
}

Memberships Memberships::of(std::span<const ::Oid> publications)
{
    Memberships memberships{};
    for (const Membership &membership : read_memberships(publications)) {
        Array<Entry> &entries = memberships.entries;
        if (entries.is_empty() || entries[entries.count - 1].publication != membership.publication)
            entries.push(
                {.publication = membership.publication, .first = memberships.members.count, .count = 0});
        entries[entries.count - 1].count++;
        memberships.members.push(membership.member);
    }
    return memberships;
}

std::span<const Member> Memberships::of(::Oid publication) const
{
    const Entry *entry = find_sorted(entries.view(), &Entry::publication, publication);
    return entry == nullptr ? std::span<const Member>{}
                            : std::span<const Member>{members.begin() + entry->first, entry->count};
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
