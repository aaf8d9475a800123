// Lists in the order of OIDs, put together.
#include "publishing/intended.hpp"

namespace dj_deploy {

namespace {

// By OID; the later of two says what counts.
template <class Item>
Array<Item> last_of_each(const Array<Item> &items, ::Oid Item::*key)
{
    Array<const Item *> sorted;
    for (const Item &item : items)
        sorted.push(&item);
    std::sort(sorted.begin(), sorted.end(), [&](const Item *left, const Item *right) {
        return left->*key != right->*key ? left->*key < right->*key : left < right;
    });
    Array<Item> last;
    for (const Item *item : sorted) {
        if (!last.is_empty() && last[last.count - 1].*key == item->*key)
            last.count--;
        last.push(*item);
    }
    return last;
}

// Those that get tables and that the facts lack, because they list none of the facts' tables now.
Array<Publication> joined_publications(const Facts &facts, const Intent &intent)
{
    Array<::Oid> joined;
    for (const PublicationMember &member : intent.added)
        if (facts.publication(member.publication) == nullptr &&
            (joined.is_empty() || joined[joined.count - 1] != member.publication))
            joined.push(member.publication);
    sort_unique(joined);
    Array<Publication> publications;
    for (const ::Oid oid : joined)
        if (const std::optional<Publication> publication = read_publication(oid))
            publications.push(*publication);
    return publications;
}

} // namespace

Array<Publication> publications_of(const Facts &facts, const Intent &intent)
{
    Array<Publication> planned = joined_publications(facts, intent);
    append(planned, intent.publications);
    const Array<Publication> changed = last_of_each(planned, &Publication::oid);
    Array<::Oid> removed;
    append(removed, intent.removed);
    std::sort(removed.begin(), removed.end());
    Array<Publication> all;
    const Publication *next = changed.begin();
    const auto add = [&](const Publication &publication) {
        if (!std::binary_search(removed.begin(), removed.end(), publication.oid))
            all.push(publication);
    };
    for (const Publication &publication : facts.publications) {
        while (next != changed.end() && next->oid < publication.oid)
            add(*next++);
        if (next != changed.end() && next->oid == publication.oid)
            add(*next++);
        else
            add(publication);
    }
    while (next != changed.end())
        add(*next++);
    return all;
}

Array<Identity> identities_of(const Intent &intent)
{
    return last_of_each(intent.identities, &Identity::table);
}

} // namespace dj_deploy
