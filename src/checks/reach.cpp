// From an intent to tables and subjects.
#include "checks/reach.hpp"

#include "publishing/harm.hpp"

namespace dj_deploy {

namespace {

// Calls act on each table that the intent is about.
template <class Act>
void for_each_table(const Intent &intent, Act &&act)
{
    for (const Identity &identity : intent.identities)
        act(identity.table);
    for (const PublicationMember &member : intent.added)
        act(member.table);
    for (const PublicationMember &member : intent.dropped)
        act(member.table);
    for (const ::Oid table : intent.logged)
        act(table);
}

// Whether changes of its partitions come under the name of a table that has no identity: no write fails, but
// the first UPDATE stops a subscription.
bool lends_no_key(const Scenario &scenario, const Relation &root, ::Oid oid)
{
    const Publication *publication = scenario.publication(oid);
    return root.kind == RELKIND_PARTITIONED_TABLE && publication != nullptr && publication->is_via_root &&
           publication->has_writes() && scenario.identity_columns(root).is_missing;
}

// What joins an empty publication makes the others tables that are missing from it.
bool fills_publication(const Intent &intent)
{
    return std::ranges::any_of(intent.added,
                               [](const PublicationMember &member) { return is_empty(member.publication); });
}

} // namespace

// The tables that hold rows which a remedy may touch: those of the subjects, and those of all trees that it
// is about, whether they are subjects or not; all that are known where it changes a publication. Subjects
// come first, in their order.
Array<const Relation *> touched(const Review &review, const Intent &intent,
                                const Array<const Subject *> &subjects)
{
    Array<const Subject *> own;
    Array<const Relation *> strangers;
    const auto add = [&](const Relation &relation) {
        if (const Subject *subject = review.all->find(relation.oid))
            own.push(subject);
        else
            strangers.push(&relation);
    };
    if (!intent.publications.is_empty() || subjects.count == review.all->items.count) {
        for (const Relation &relation : review.scenario.facts->relations)
            add(relation);
    } else {
        for (const Subject *subject : subjects)
            own.push(subject);
        for_each_table(intent, [&](::Oid table) {
            if (const Relation *relation = review.scenario.facts->find(table))
                for (const Relation *leaf : review.all->tree_of(*relation))
                    add(*leaf);
        });
    }
    sort_unique(own);
    Array<const Relation *> tables;
    for (const Subject *subject : own)
        tables.push(subject->relation);
    for (const Relation *relation : strangers)
        tables.push(relation);
    return tables;
}

bool knows_all(const Review &review, const Intent &intent)
{
    bool is_known = true;
    for_each_table(intent, [&](::Oid table) { is_known &= review.scenario.facts->find(table) != nullptr; });
    return is_known;
}

Array<const Subject *> subjects_about(const Review &review, const Intent &intent,
                                      const Array<const Subject *> &subjects)
{
    Array<const Subject *> about;
    if (fills_publication(intent)) {
        for (const Subject &subject : review.all->items)
            about.push(&subject);
        return about;
    }
    for (const Subject *subject : subjects)
        about.push(subject);
    if (subjects.count < review.all->items.count)
        for_each_table(intent, [&](::Oid table) {
            if (const Subject *subject = review.all->find(table))
                about.push(subject);
        });
    sort_unique(about);
    return about;
}

Unready unready(const Review &review, const Intent &base, const Intent &intent)
{
    Intent both = {};
    both.absorb(base);
    both.absorb(intent);
    const Scenario after = Scenario::of(*review.scenario.facts, both);
    Unready unready{.roots = {}, .has_strangers = false};
    const auto add_root = [&](const Subject &root) {
        if (std::find(unready.roots.begin(), unready.roots.end(), &root) == unready.roots.end())
            unready.roots.push(&root);
    };
    const auto look = [&](::Oid table) {
        const Relation *relation = review.scenario.facts->find(table);
        if (relation == nullptr)
            return;
        for (const Relation *leaf : review.all->tree_of(*relation)) {
            if (find_begun(review.scenario, after, *leaf).is_empty())
                continue;
            const Subject *root = review.all->find(leaf->root());
            unready.has_strangers |= root == nullptr;
            if (root != nullptr)
                add_root(*root);
        }
    };
    for (const PublicationMember &member : intent.added) {
        look(member.table);
        if (const Subject *root = review.all->find(member.table);
            root != nullptr && lends_no_key(after, *root->relation, member.publication))
            add_root(*root);
    }
    for (const ::Oid table : intent.logged)
        look(table);
    return unready;
}

} // namespace dj_deploy
