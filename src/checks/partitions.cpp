// The identity of partitions: of those that are there, and of the next one.
#include "catalog/relation_name.hpp"
#include "checks/check.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

bool is_usable(IdentityState state)
{
    return state == IdentityState::full || state == IdentityState::by_key || state == IdentityState::by_index;
}

// A table of partitions holds no rows: the identity of the partitions counts.
Array<Proposal> like_its_root(const Review &review, const Subject &subject)
{
    const IdentityState root = review.state(*subject.root);
    if (root == IdentityState::by_key && review.has_key(subject))
        return proposals({set_identity(REPLICA_IDENTITY_DEFAULT)});
    return proposals({set_identity(REPLICA_IDENTITY_FULL)});
}

bool is_partition_unlike_its_root(const Review &review, const Subject &subject)
{
    return subject.root != nullptr && subject.root->is_user() && subject.is_leaf() &&
           review.state(subject) != review.state(*subject.root);
}

// replica identity of the partition is NOTHING, that of lab.sample is FULL
const char *difference(const Review &review, const Subject &subject, const char *root)
{
    return ::psprintf("replica identity of the partition is %s, that of %s is %s",
                      state_name(review.state(subject)), root, state_name(review.state(*subject.root)));
}

void partition_without_identity(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        if (!is_partition_unlike_its_root(review, *subject) || is_usable(review.state(*subject)))
            continue;
        const char *failing = review.failing_publications(*subject);
        const char *fails =
            failing[0] != '\0'
                ? "UPDATE and DELETE fail now"
                : "UPDATE and DELETE will fail once the table is published for updates or deletes";
        const char *published = failing[0] != '\0' ? ::psprintf(", published by %s", failing) : "";
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text =
                ::psprintf("%s: %s%s", difference(review, *subject, subject->root->name), fails, published),
            .common = ::psprintf("%s: %s", difference(review, *subject, "its root"), fails),
            .proposals = like_its_root(review, *subject),
            .by_hand = key_by_hand,
        });
    }
}

bool lends_its_key(const Review &review, const Subject &root)
{
    return std::any_of(review.judged.begin(), review.judged.end(), [&](const Publication *publication) {
        return publication->is_via_root && review.scenario.holds(*root.relation, *publication);
    });
}

// Published through the root, rows come with the key of the root; else a root that has none changes nothing.
// Where the partition has the primary key, FULL is set on the whole tree.
void partition_differs(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        if (!is_partition_unlike_its_root(review, *subject) || !is_usable(review.state(*subject)))
            continue;
        if (review.state(*subject) == IdentityState::by_key &&
            review.state(*subject->root) == IdentityState::no_key && !lends_its_key(review, *subject->root))
            continue;
        const bool is_alone = review.state(*subject->root) == IdentityState::full ||
                              review.state(*subject->root) == IdentityState::by_key;
        constexpr const char *consequence = "of its rows consumers receive something else";
        Finding finding{
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf("%s: %s", difference(review, *subject, subject->root->name), consequence),
            .common = ::psprintf("%s: %s", difference(review, *subject, "its root"), consequence)};
        if (is_alone)
            finding.proposals = like_its_root(review, *subject);
        else
            finding.proposals = proposals({set_identity_of_root(*subject->root, REPLICA_IDENTITY_FULL)});
        findings.add(finding);
    }
}

// A partition starts with DEFAULT, and with the primary key of its root.
WriteHazard hazard_of_next(const Review &review, const Subject &root, const Publication &publication)
{
    const Publishing published = review.scenario.publishing(*root.relation, publication);
    if (published.publication == nullptr || !publication.has_writes())
        return WriteHazard::none;
    const Keys &keys = review.scenario.facts->keys(*root.relation);
    return review.scenario.hazard(
        published, *root.relation,
        {.is_full = false, .is_missing = !OidIsValid(keys.primary), .key = keys.primary_columns});
}

void partition_to_come(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        if (!subject->is_user() || subject->relation->kind != RELKIND_PARTITIONED_TABLE)
            continue;
        for (const Publication *publication : review.judged) {
            const WriteHazard hazard = hazard_of_next(review, *subject, *publication);
            if (hazard == WriteHazard::none)
                continue;
            const char *common = ::psprintf(
                "a partition that is made or attached later is published at once by %s, with replica "
                "identity DEFAULT: UPDATE and DELETE on it will fail, because %s. Make it as a table of "
                "its own, give it its replica identity, then ATTACH PARTITION",
                shown_identifier(publication->name), reason_of(hazard, REPLICA_IDENTITY_DEFAULT));
            findings.add({.subject = subject, .object = subject->name, .text = common});
            break;
        }
    }
}

// Its changes come no longer as its root's, and it is no table by itself before that is finished.
void partition_detaching(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        const Relation &relation = *subject->relation;
        if (!subject->is_home || subject->is_hidden || !subject->is_leaf() || !relation.is_partition ||
            !relation.ancestors.empty() || review.judged.is_empty() || review.is_published(*subject))
            continue;
        const RelationName parent = read_relation_name(::get_partition_parent(relation.oid, true));
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text =
                "DETACH PARTITION CONCURRENTLY of it was interrupted: its changes arrive no longer, neither "
                "under the name of a table above it nor under its own",
            .proposals =
                proposals({statement(::psprintf("ALTER TABLE %s DETACH PARTITION %s FINALIZE",
                                                shown_name(parent.schema, parent.name), subject->name))}),
        });
    }
}

constexpr std::array checks = std::to_array<Check>({
    {.name = "partition_without_identity", .severities = "eeeee", .find = partition_without_identity},
    {.name = "partition_differs", .severities = "wewww", .find = partition_differs},
    {.name = "partition_to_come", .severities = "w-www", .find = partition_to_come},
    {.name = "partition_detaching", .severities = "w-www", .find = partition_detaching},
});

} // namespace

const std::span<const Check> partition_checks = checks;

} // namespace dj_deploy
