// Subjects are found by their OID, and leaves by their root.
#include "checks/subject.hpp"

namespace dj_deploy {

const Subject *Subjects::find(::Oid table) const
{
    const Place *place = find_sorted(places.view(), &Place::table, table);
    return place == nullptr ? nullptr : &items[place->index];
}

std::span<const Subject *const> Subjects::leaves(const Subject &subject) const
{
    const auto is_before = [](const Subject *leaf, ::Oid root) { return leaf->relation->root() < root; };
    const auto is_after = [](::Oid root, const Subject *leaf) { return root < leaf->relation->root(); };
    if (subject.is_leaf())
        return {&themselves[&subject - items.begin()], 1};
    const ::Oid root = subject.relation->oid;
    const auto first = std::lower_bound(by_root.begin(), by_root.end(), root, is_before);
    return {first, std::upper_bound(first, by_root.end(), root, is_after)};
}

Array<const Relation *> Subjects::tree_of(const Relation &table) const
{
    Array<const Relation *> tree;
    if (table.is_leaf() && table.ancestors.empty()) {
        tree.push(&table);
        return tree;
    }
    for (const Relation &relation : facts.relations)
        if (relation.is_leaf() && relation.root() == table.root())
            tree.push(&relation);
    return tree;
}

void Subjects::index_leaves()
{
    for (const Subject &subject : items)
        if (subject.is_leaf())
            by_root.push(&subject);
    std::sort(by_root.begin(), by_root.end(), [](const Subject *left, const Subject *right) {
        return left->relation->root() != right->relation->root()
                   ? left->relation->root() < right->relation->root()
                   : left < right;
    });
}

void Subjects::index_items()
{
    for (std::size_t index = 0; index < items.count; index++) {
        places.push({.table = items[index].relation->oid, .index = index});
        themselves.push(&items[index]);
    }
    std::sort(places.begin(), places.end(),
              [](const Place &left, const Place &right) { return left.table < right.table; });
}

} // namespace dj_deploy
