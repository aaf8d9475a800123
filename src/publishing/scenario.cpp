// What consumers receive: the rules of get_rel_sync_entry() of pgoutput.
#include "publishing/scenario.hpp"

#include "publishing/intended.hpp"

namespace dj_deploy {

namespace {

bool is_before(const PublicationMember &left, const PublicationMember &right)
{
    return left.table != right.table ? left.table < right.table : left.publication < right.publication;
}

} // namespace

Scenario Scenario::of(const Facts &facts, const Intent &intent)
{
    Scenario scenario{};
    scenario.facts = &facts;
    scenario.all = publications_of(facts, intent);
    for (const Publication &publication : scenario.all)
        if (publication.is_for_all)
            scenario.for_all.push(publication.oid);
    scenario.identities = identities_of(intent);
    append(scenario.added, intent.added);
    std::sort(scenario.added.begin(), scenario.added.end(), is_before);
    append(scenario.dropped, intent.dropped);
    std::sort(scenario.dropped.begin(), scenario.dropped.end(), is_before);
    append(scenario.logged, intent.logged);
    std::sort(scenario.logged.begin(), scenario.logged.end());
    return scenario;
}

const Publication *Scenario::publication(::Oid oid) const
{
    return find_sorted(all.view(), &Publication::oid, oid);
}

Identity Scenario::identity(const Relation &table) const
{
    if (const Identity *intended = find_sorted(identities.view(), &Identity::table, table.oid))
        return *intended;
    const bool has_index = table.identity == REPLICA_IDENTITY_INDEX;
    return {.table = table.oid,
            .kind = table.identity,
            .index = has_index ? facts->keys(table).identity : InvalidOid};
}

IdentityColumns Scenario::identity_columns(const Relation &table) const
{
    const Identity chosen = identity(table);
    if (chosen.kind == REPLICA_IDENTITY_FULL)
        return {.is_full = true, .is_missing = false, .key = {}};
    if (chosen.kind == REPLICA_IDENTITY_NOTHING)
        return {.is_full = false, .is_missing = true, .key = {}};
    const Keys &keys = facts->keys(table);
    if (chosen.kind == REPLICA_IDENTITY_DEFAULT)
        return {.is_full = false, .is_missing = !OidIsValid(keys.primary), .key = keys.primary_columns};
    if (chosen.index == keys.identity)
        return {.is_full = false, .is_missing = !OidIsValid(keys.identity), .key = keys.identity_columns};
    const Columns key = read_index_columns(chosen.index);
    return {.is_full = false, .is_missing = key.empty(), .key = key};
}

bool Scenario::is_permanent(const Relation &table) const
{
    return table.persistence == RELPERSISTENCE_PERMANENT ||
           std::binary_search(logged.begin(), logged.end(), table.oid);
}

std::span<const PublicationMember> Scenario::added_to(::Oid table) const
{
    const PublicationMember *first = find_sorted(added.view(), &PublicationMember::table, table);
    const PublicationMember *last = first;
    while (last != nullptr && last != added.end() && last->table == table)
        last++;
    return {first, last};
}

bool Scenario::is_dropped(const Relation &table, const Listing &listing) const
{
    const PublicationMember member{.publication = listing.publication, .table = table.oid};
    return std::binary_search(dropped.begin(), dropped.end(), member, is_before);
}

std::optional<Listing> Scenario::listing(const Relation &table, ::Oid publication) const
{
    if (const PublicationMember *anew =
            find_sorted(added_to(table.oid), &PublicationMember::publication, publication))
        return Listing{.publication = publication, .is_excepted = false, .narrowing = anew->narrowing};
    const Listing *known = find_sorted(table.listings, &Listing::publication, publication);
    if (known == nullptr || known->is_excepted || is_dropped(table, *known))
        return {};
    return *known;
}

Array<::Oid> Scenario::listed_in(const Relation &table) const
{
    Array<::Oid> publications;
    for (const Listing &listing : table.listings)
        if (!listing.is_excepted && !is_dropped(table, listing))
            publications.push(listing.publication);
    const std::size_t known = publications.count;
    for (const PublicationMember &member : added_to(table.oid))
        publications.push(member.publication);
    if (publications.count == known)
        return publications;
    sort_unique(publications);
    return publications;
}

bool Scenario::is_excepted(const Relation &table, ::Oid publication) const
{
    const Listing *found = find_sorted(table.listings, &Listing::publication, publication);
    return found != nullptr && found->is_excepted;
}

bool Scenario::adds_to(const Publication &publication) const
{
    return std::any_of(added.begin(), added.end(), [&](const PublicationMember &member) {
        return member.publication == publication.oid;
    });
}

bool Scenario::holds(const Relation &table, const Publication &publication) const
{
    if (publication.is_for_all)
        return !is_excepted(table, publication.oid);
    const std::span<const ::Oid> whole = facts->publications_of_schema(table.schema);
    return listing(table, publication.oid).has_value() ||
           std::binary_search(whole.begin(), whole.end(), publication.oid);
}

void Scenario::add_candidates(const Relation &table, Array<::Oid> &candidates) const
{
    for (const Listing &listing : table.listings)
        candidates.push(listing.publication);
    for (const PublicationMember &member : added_to(table.oid))
        candidates.push(member.publication);
    for (const ::Oid publication : facts->publications_of_schema(table.schema))
        candidates.push(publication);
}

// The topmost table that the publication holds lends its name, or else lets the table be published as itself.
// A list or filter counts of the table whose name it is.
Publishing Scenario::publishing(const Relation &table, const Publication &publication) const
{
    const Relation *top = holds(table, publication) ? &table : nullptr;
    bool is_left_out = publication.is_for_all && top == nullptr;
    for (const ::Oid oid : table.ancestors)
        if (const Relation *ancestor = facts->find(oid)) {
            const bool is_held = holds(*ancestor, publication);
            is_left_out |= publication.is_for_all && !is_held;
            top = is_held ? ancestor : top;
        }
    if (top == nullptr || is_left_out || !is_permanent(table))
        return {};
    const Relation *as = publication.is_via_root ? top : &table;
    const std::optional<Listing> counting = listing(*as, publication.oid);
    const Narrowing *narrowing = counting ? counting->narrowing : nullptr;
    const std::span<const ::Oid> whole = facts->publications_of_schema(as->schema);
    const bool is_whole = std::binary_search(whole.begin(), whole.end(), publication.oid);
    return {.publication = &publication,
            .as = as,
            .narrowing = narrowing,
            .delivered = is_whole ? nullptr : narrowing};
}

bool Scenario::is_as_listed(const Relation &table) const
{
    return table.ancestors.empty() && for_all.is_empty() && dropped.is_empty() &&
           added_to(table.oid).empty() && facts->publications_of_schema(table.schema).empty();
}

// A table by itself is published as itself by those that list it.
Array<Publishing> Scenario::publishings_as_listed(const Relation &table) const
{
    Array<Publishing> published;
    const auto has_smaller_oid = [](const Publication &publication, ::Oid oid) {
        return publication.oid < oid;
    };
    const Publication *next = all.begin();
    for (const Listing &listing : table.listings) {
        if (next != all.end() && next->oid < listing.publication)
            next = std::lower_bound(next + 1, static_cast<const Publication *>(all.end()),
                                    listing.publication, has_smaller_oid);
        if (next != all.end() && next->oid == listing.publication && is_permanent(table))
            published.push({.publication = next,
                            .as = &table,
                            .narrowing = listing.narrowing,
                            .delivered = listing.narrowing});
    }
    return published;
}

Array<Publishing> Scenario::publishings(const Relation &table) const
{
    if (is_as_listed(table))
        return publishings_as_listed(table);
    Array<::Oid> candidates;
    for (const ::Oid publication : for_all)
        candidates.push(publication);
    add_candidates(table, candidates);
    for (const ::Oid oid : table.ancestors)
        if (const Relation *ancestor = facts->find(oid))
            add_candidates(*ancestor, candidates);
    sort_unique(candidates);
    Array<Publishing> published;
    for (const ::Oid oid : candidates) {
        const Publication *candidate = publication(oid);
        const Publishing found = candidate == nullptr ? Publishing{} : publishing(table, *candidate);
        if (found.publication != nullptr)
            published.push(found);
    }
    return published;
}

} // namespace dj_deploy
