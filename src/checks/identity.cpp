// Replica identity: what the WAL holds of the row that an UPDATE or DELETE was about.
#include "checks/check.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

constexpr std::int64_t risky_bytes = 256 << 20; // from there on a row may be too large for one change

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

// Tables that are published though they are no user tables: hidden ones, an extension's, those that inherit
// from a user table, and partitions of any of these.
bool fails_by_itself(const Review &review, const Subject &subject)
{
    return subject.is_leaf() && (subject.root == nullptr || !subject.root->is_user()) &&
           review.failing_publications(subject)[0] != '\0';
}

// What a table in such a state means. Of a partitioned table the server asks nothing: its partitions count.
void find_unusable(const Review &review, Findings &findings, IdentityState state, const char *what)
{
    for (const Subject *subject : review.subjects) {
        if (review.state(*subject) != state)
            continue;
        const Array<const Subject *> leaves = leaves_in(review, *subject, state);
        if (subject->is_user() ? !subject->is_leaf() && leaves.is_empty()
                               : !fails_by_itself(review, *subject))
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

// The generated columns of the key that UPDATE and DELETE arrive without. From 18 on such writes fail.
const char *columns_not_sent(const Review &review, const Subject &leaf, const Publication &publication)
{
    const IdentityColumns identity = review.scenario.identity_columns(*leaf.relation);
    const Publishing published = review.scenario.publishing(*leaf.relation, publication);
    const char *names = "";
    if (identity.key.empty() || published.publication == nullptr || !publication.has_writes() ||
        review.scenario.hazard(published, *leaf.relation, identity) != WriteHazard::none)
        return names;
    for (const GeneratedColumn &column : review.scenario.facts->generated(*leaf.relation))
        if (std::find(identity.key.begin(), identity.key.end(), column.number) != identity.key.end() &&
            !review.scenario.shows_generated(published, *leaf.relation, column))
            names = ::psprintf("%s%s%s", names, names[0] == '\0' ? "" : ", ",
                               shown_identifier(::get_attname(leaf.relation->oid, column.number, true)));
    return names;
}

const char *without_columns(const Review &review)
{
    return review.is(Consumer::postgres)
               ? "UPDATE and DELETE stop a subscription whose table has no key of the other columns alone; "
                 "under FULL only one whose table has a key with these"
               : "UPDATE and DELETE arrive with a key that lacks them, and may not tell rows apart";
}

// Tables by themselves, and what a root stands for: the first that has such a key.
void key_not_sent(const Review &review, Findings &findings)
{
    const char *consequence = without_columns(review);
    for (const Subject *subject : review.subjects) {
        const char *names = "";
        if (subject->root == nullptr)
            for (const Subject *leaf : review.leaves(*subject))
                for (const Publication *publication : review.judged)
                    names = names[0] == '\0' ? columns_not_sent(review, *leaf, *publication) : names;
        if (names[0] == '\0')
            continue;
        // ClickHouse goes by the primary key, whatever the old row has.
        const bool goes_by_key =
            review.is(Consumer::clickpipes) && review.state(*subject) == IdentityState::by_key;
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf("replica identity holds generated columns (%s), which are not published: %s",
                               names, consequence),
            .common = ::psprintf("replica identity holds generated columns, which are not published: %s",
                                 consequence),
            .proposals = goes_by_key ? Array<Proposal>{} : proposals({set_identity(REPLICA_IDENTITY_FULL)}),
            .by_hand = "Make a unique index of other columns, NOT NULL, the replica identity.",
        });
    }
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

constexpr std::array checks = std::to_array<Check>({
    {.name = "no_primary_key", .severities = "eeeee", .find = no_primary_key},
    {.name = "identity_nothing", .severities = "eeeee", .find = identity_nothing},
    {.name = "identity_index_dropped", .severities = "eeeee", .find = index_dropped},
    {.name = "identity_generated", .severities = "w-wwe", .find = key_not_sent},
    {.name = "identity_not_full", .severities = "iei--", .find = not_full},
    {.name = "full_without_primary_key", .severities = "i-www", .find = full_without_key},
});

} // namespace

const std::span<const Check> identity_checks = checks;

} // namespace dj_deploy
