// Which publications are judged, and what the model says of a subject.
#include "checks/review.hpp"

#include "catalog/relation_name.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

// Lakehouse Sync needs no publication; one that the call names is judged all the same.
bool is_judged(const Review &review, const Publication &publication)
{
    const Question &question = *review.question;
    if (question.publication[0] != '\0')
        return std::string_view(publication.name) == question.publication;
    if (question.consumer == Consumer::lakehouse_sync)
        return false;
    const auto is_whole = [&](const Home &home) {
        const auto whole = review.scenario.facts->publications_of_schema(home.schema);
        return std::binary_search(whole.begin(), whole.end(), publication.oid);
    };
    if (publication.is_for_all || std::ranges::any_of(question.homes.all, is_whole))
        return true;
    return std::any_of(review.all->items.begin(), review.all->items.end(), [&](const Subject &subject) {
        return subject.heir_of == nullptr &&
               review.scenario.listing(*subject.relation, publication.oid) != nullptr;
    });
}

// How many members of a publication there are in each home, in their order.
Array<std::size_t> count_members(const Review &review, const Publication &publication)
{
    const Array<Home> &homes = review.question->homes.all;
    Array<std::size_t> counts;
    counts.resize(homes.count);
    for (const Subject &subject : review.all->items)
        if (review.scenario.listing(*subject.relation, publication.oid) != nullptr)
            for (std::size_t index = 0; index < homes.count; index++)
                counts[index] += homes[index].schema == subject.home();
    return counts;
}

// For each home the publication that has most members there; where none has any, most of all.
Array<Choice> choose(const Review &review)
{
    struct Members {
        std::size_t here = 0;
        std::size_t all = 0;
    };
    const Array<Home> &homes = review.question->homes.all;
    Array<Choice> choices;
    Array<Members> most;
    for (const Home &home : homes) {
        choices.push({.home = home.schema, .publication = nullptr});
        most.push({});
    }
    for (const Publication *publication : review.judged) {
        if (publication->for_all() != nullptr)
            continue;
        const Array<std::size_t> counts = count_members(review, *publication);
        std::size_t all = 0;
        for (const std::size_t count : counts)
            all += count;
        for (std::size_t index = 0; index < homes.count; index++) {
            if (publishes_schema(publication->oid, homes[index].schema))
                continue;
            const bool has_more =
                counts[index] != most[index].here ? counts[index] > most[index].here : all > most[index].all;
            if (choices[index].publication == nullptr || has_more) {
                choices[index].publication = publication;
                most[index] = {.here = counts[index], .all = all};
            }
        }
    }
    return choices;
}

} // namespace

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
    for (const Publication &publication : review.scenario.publications())
        if (is_judged(review, publication))
            review.judged.push(&publication);
    std::sort(review.judged.begin(), review.judged.end(),
              [](const Publication *left, const Publication *right) {
                  return ::strcmp(left->name, right->name) < 0;
              });
    review.choices = choose(review);
    return review;
}

Review Review::in(const Scenario &other, const Array<const Subject *> &looked_at) const
{
    Review review = *this;
    review.scenario = other;
    review.subjects = looked_at;
    review.judged = {};
    for (const Publication &publication : other.publications()) {
        const auto is_it = [&](const Publication *known) { return known->oid == publication.oid; };
        const bool is_new = scenario.facts->publication(publication.oid) == nullptr;
        if ((is_new && (question->publication[0] != '\0' || other.adds_to(publication))) ||
            std::any_of(judged.begin(), judged.end(), is_it))
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
