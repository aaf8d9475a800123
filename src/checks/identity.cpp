// Replica identity: what the WAL holds of the row that an UPDATE or DELETE was about.
#include "checks/check.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

constexpr std::int64_t risky_bytes = 256 << 20; // from there on a row may be too large for one change

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

bool is_usable(IdentityState state)
{
    return state == IdentityState::full || state == IdentityState::by_key || state == IdentityState::by_index;
}

// The partitions of a partitioned table that hold rows and have this state.
Array<const Subject *> leaves_in(const Review &review, const Subject &subject, IdentityState state)
{
    Array<const Subject *> leaves;
    for (const Subject *leaf : review.leaves(subject))
        if (leaf->relation->is_partition && review.scenario.is_permanent(*leaf->relation) &&
            review.state(*leaf) == state)
            leaves.push(leaf);
    return leaves;
}

// , in partition lab.sample_1 and 2 more
const char *partitions_text(const Array<const Subject *> &leaves)
{
    if (leaves.is_empty())
        return "";
    const char *first = leaves[0]->name;
    for (const Subject *leaf : leaves)
        if (::strcmp(leaf->name, first) < 0)
            first = leaf->name;
    return leaves.count == 1 ? ::psprintf(", in partition %s", first)
                             : ::psprintf(", in partition %s and %zu more", first, leaves.count - 1);
}

Array<Proposal> identity_proposals(const Review &review, const Subject &subject)
{
    if (review.has_key(subject))
        return proposals({set_identity(REPLICA_IDENTITY_FULL), set_identity(REPLICA_IDENTITY_DEFAULT)});
    return proposals({set_identity(REPLICA_IDENTITY_FULL)});
}

constexpr const char *key_by_hand =
    "Add a primary key, or change what publications filter or list of the table, then set its identity.";

// What a table in such a state means. Of a partitioned table the server asks nothing: its partitions count.
void find_unusable(const Review &review, Findings &findings, IdentityState state, const char *what)
{
    for (const Subject *subject : review.subjects) {
        if (!subject->is_user() || review.state(*subject) != state)
            continue;
        const Array<const Subject *> leaves = leaves_in(review, *subject, state);
        if (!subject->is_leaf() && leaves.is_empty())
            continue;
        const char *failing = review.failing_publications(*subject);
        const bool fails = failing[0] != '\0';
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = fails ? ::psprintf("%s%s: UPDATE and DELETE fail now, published by %s", what,
                                       partitions_text(leaves), failing)
                          : ::psprintf("%s%s: UPDATE and DELETE will fail once the table is published for "
                                       "updates or deletes",
                                       what, partitions_text(leaves)),
            .common = fails
                          ? ::psprintf("%s: UPDATE and DELETE fail now", what)
                          : ::psprintf("%s: UPDATE and DELETE will fail once they are published for updates "
                                       "or deletes",
                                       what),
            .proposals = identity_proposals(review, *subject),
            .by_hand = key_by_hand,
        });
    }
}

void no_primary_key(const Review &review, Findings &findings)
{
    find_unusable(
        review, findings, IdentityState::no_key,
        "replica identity is DEFAULT, but no primary key identifies rows (a deferrable one does not)");
}

void identity_nothing(const Review &review, Findings &findings)
{
    find_unusable(review, findings, IdentityState::nothing, "replica identity is NOTHING");
}

void index_dropped(const Review &review, Findings &findings)
{
    find_unusable(review, findings, IdentityState::index_dropped,
                  "replica identity is an index that is dropped or not valid");
}

bool may_need_full(const Review &review, const Subject &subject)
{
    if (!review.is(Consumer::lakehouse_sync) && review.fails_when_full(subject))
        return false;
    const IdentityState state = review.state(subject);
    if (state == IdentityState::by_key || state == IdentityState::by_index)
        return true;
    return subject.relation->kind == RELKIND_PARTITIONED_TABLE && state == IdentityState::no_key &&
           (!leaves_in(review, subject, IdentityState::by_key).is_empty() ||
            !leaves_in(review, subject, IdentityState::by_index).is_empty());
}

// Where large values or what publications list speak against FULL, only who cannot do without is told.
void not_full(const Review &review, Findings &findings)
{
    const bool is_lakehouse = review.is(Consumer::lakehouse_sync);
    for (const Subject *subject : review.subjects) {
        if (!subject->is_user() || !review.scenario.is_permanent(*subject->relation) ||
            !may_need_full(review, *subject) || (!is_lakehouse && subject->toast_bytes >= risky_bytes) ||
            (review.is(Consumer::debezium) && subject->large != nullptr))
            continue;
        const IdentityState state = review.state(*subject);
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf("replica identity is %s: %s",
                               state == IdentityState::by_index ? "an index" : state_name(state),
                               is_lakehouse
                                   ? "Lakehouse Sync skips tables without FULL, and raises no error"
                                   : "consumers receive at most the key of old rows; Lakehouse Sync skips "
                                     "the table"),
            .proposals = proposals({set_identity(REPLICA_IDENTITY_FULL)}),
        });
    }
}

// A table of partitions holds no rows: the identity of the partitions counts.
Array<Proposal> like_its_root(const Review &review, const Subject &subject)
{
    const IdentityState root = review.state(*subject.root);
    if (root == IdentityState::by_key && review.has_key(subject))
        return proposals({set_identity(REPLICA_IDENTITY_DEFAULT)});
    if (root == IdentityState::full)
        return proposals({set_identity(REPLICA_IDENTITY_FULL)});
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

const char *without_key(const Review &review)
{
    switch (review.question->consumer) {
    case Consumer::debezium:
        return "no primary key: events have no message key, and order per row is lost";
    case Consumer::clickpipes:
        return "no primary key: all columns together become the key, and equal rows one row";
    case Consumer::postgres:
        return "no primary key: each UPDATE and DELETE reads the whole table at the subscriber";
    default:
        return "no primary key: consumers cannot tell equal rows apart";
    }
}

void full_without_key(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        if (!subject->is_user() || review.state(*subject) != IdentityState::full || review.has_key(*subject))
            continue;
        const char *index = subject->key_index;
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf("%s. %s", without_key(review),
                               index == nullptr ? "Add one." : "A unique index could be it."),
            .proposals = index == nullptr
                             ? Array<Proposal>{}
                             : proposals({statement(::psprintf(
                                   "ALTER TABLE %s ADD PRIMARY KEY USING INDEX %s", subject->name, index))}),
        });
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

constexpr std::array checks = std::to_array<Check>({
    {.name = "no_primary_key", .severities = "eeeee", .find = no_primary_key},
    {.name = "identity_nothing", .severities = "eeeee", .find = identity_nothing},
    {.name = "identity_index_dropped", .severities = "eeeee", .find = index_dropped},
    {.name = "identity_not_full", .severities = "iei--", .find = not_full},
    {.name = "partition_without_identity", .severities = "eeeee", .find = partition_without_identity},
    {.name = "partition_differs", .severities = "wewww", .find = partition_differs},
    {.name = "full_without_primary_key", .severities = "i-www", .find = full_without_key},
    {.name = "partition_to_come", .severities = "w-www", .find = partition_to_come},
});

} // namespace

const std::span<const Check> identity_checks = checks;

} // namespace dj_deploy
