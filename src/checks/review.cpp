// Which publications are judged, and what the model says of a subject.
#include "checks/review.hpp"

#include "catalog/relation_name.hpp"
#include "checks/judged.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

const char *state_name(IdentityState state)
{
    switch (state) {
    case IdentityState::full:
        return "FULL";
    case IdentityState::by_key:
        return "DEFAULT";
    case IdentityState::no_key:
        return "DEFAULT without a primary key";
    case IdentityState::nothing:
        return "NOTHING";
    case IdentityState::by_index:
        return "INDEX";
    default:
        return "INDEX, dropped";
    }
}

Review Review::of(const Question &question, const Subjects &subjects, const Scenario &scenario)
{
    Review review{.question = &question,
                  .all = &subjects,
                  .scenario = scenario,
                  .subjects = {},
                  .judged = {},
                  .choices = {},
                  .user_tables = 0};
    for (const Subject &subject : subjects.items) {
        review.subjects.push(&subject);
        review.user_tables += subject.is_user();
    }
    review.judged = judged_publications(review);
    review.choices = chosen_publications(review);
    return review;
}

Review Review::in(const Scenario &other, const Array<const Subject *> &looked_at) const
{
    Review review = *this;
    review.scenario = other;
    review.subjects = looked_at;
    review.judged = {};
    Array<::Oid> known;
    for (const Publication *publication : judged)
        known.push(publication->oid);
    std::sort(known.begin(), known.end());
    const bool is_named = question->publication[0] != '\0';
    for (const Publication &publication : other.publications()) {
        const bool is_new = scenario.facts->publication(publication.oid) == nullptr;
        if (std::binary_search(known.begin(), known.end(), publication.oid) ||
            (is_named ? is_new : other.adds_to(publication)))
            review.judged.push(&publication);
    }
    review.choices = {};
    for (const Choice &choice : choices)
        review.choices.push({.home = choice.home,
                             .publication = choice.publication == nullptr
                                                ? nullptr
                                                : other.publication(choice.publication->oid)});
    return review;
}

const Publication *Review::chosen_for(const Subject &subject) const
{
    for (const Choice &choice : choices)
        if (choice.home == subject.home())
            return choice.publication;
    return nullptr;
}

const char *Review::name_of(const Relation &table) const
{
    if (const Subject *subject = all->find(table.oid))
        return subject->name;
    const RelationName name = read_relation_name(table.oid);
    return shown_name(name.schema, name.name);
}

std::span<const Subject *const> Review::leaves(const Subject &subject) const
{
    const std::span<const Subject *const> leaves = all->leaves(subject);
    if (subject.is_leaf() || subjects.count == all->items.count)
        return leaves;
    Array<const Subject *> looked_at;
    if (leaves.size() < subjects.count) {
        for (const Subject *leaf : leaves)
            if (std::binary_search(subjects.begin(), subjects.end(), leaf))
                looked_at.push(leaf);
    } else {
        for (const Subject *other : subjects)
            if (other->is_leaf() && other->relation->root() == subject.relation->oid)
                looked_at.push(other);
    }
    return looked_at.view();
}

bool Review::has_key(const Subject &subject) const
{
    return OidIsValid(scenario.facts->keys(*subject.relation).primary);
}

IdentityState Review::state(const Subject &subject) const
{
    const Identity identity = scenario.identity(*subject.relation);
    switch (identity.kind) {
    case REPLICA_IDENTITY_FULL:
        return IdentityState::full;
    case REPLICA_IDENTITY_NOTHING:
        return IdentityState::nothing;
    case REPLICA_IDENTITY_INDEX:
        return OidIsValid(identity.index) ? IdentityState::by_index : IdentityState::index_dropped;
    default:
        return has_key(subject) ? IdentityState::by_key : IdentityState::no_key;
    }
}

bool Review::is_published(const Subject &subject, const Publication &publication) const
{
    return scenario.publishing(*subject.relation, publication).publication != nullptr;
}

bool Review::is_published(const Subject &subject) const
{
    return std::any_of(judged.begin(), judged.end(),
                       [&](const Publication *publication) { return is_published(subject, *publication); });
}

bool Review::is_published_when_logged(const Subject &subject) const
{
    return std::any_of(judged.begin(), judged.end(), [&](const Publication *publication) {
        return scenario.holds(*subject.relation, *publication);
    });
}

bool Review::fails_when_full(const Subject &subject) const
{
    for (const Subject *leaf : leaves(subject))
        for (const Publishing &published : scenario.publishings(*leaf->relation))
            if (published.publication->has_writes() &&
                scenario.hazard(published, *leaf->relation,
                                {.is_full = true, .is_missing = false, .key = {}}) != WriteHazard::none)
                return true;
    return false;
}

const char *Review::failing_publications(const Subject &subject) const
{
    Array<const char *> names;
    for (const Subject *leaf : leaves(subject))
        for (const BrokenWrite &write : scenario.broken_writes(*leaf->relation))
            if (write.hazard == WriteHazard::no_identity)
                names.push(write.publication->name);
    std::sort(names.begin(), names.end(),
              [](const char *left, const char *right) { return ::strcmp(left, right) < 0; });
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (std::size_t index = 0; index < names.count; index++)
        if (index == 0 || ::strcmp(names[index - 1], names[index]) != 0)
            ::appendStringInfo(&text, "%s%s", index > 0 ? ", " : "", shown_identifier(names[index]));
    return text.data;
}

} // namespace dj_deploy
