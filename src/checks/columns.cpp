// Values that are too large for a change, or that a consumer cannot take or compare.
#include "checks/check.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

constexpr std::int64_t risky_bytes = 256 << 20; // from there on a row may be too large for one change

const char *pretty(std::int64_t bytes)
{
    const ::Datum size = DirectFunctionCall1(::pg_size_pretty, Int64GetDatum(bytes));
    return TextDatumGetCString(size);
}

// " (12 MB out of line)"
const char *out_of_line(const Subject &subject)
{
    return subject.toast_bytes > 0 ? ::psprintf(" (%s out of line)", pretty(subject.toast_bytes)) : "";
}

bool is_told(const Subject &subject)
{
    return subject.relation->kind == RELKIND_RELATION &&
           (subject.is_user() || subject.relation->is_partition);
}

// What stands in the way is at the consumer, where nobody sees it from here.
const char *key_at_the_consumer(const Subject &subject)
{
    return ::psprintf("Where every subscription's table has the primary key: SELECT "
                      "dj_deploy.set_replica_identity(%s::regclass, "
                      "'default', dry_run => false).",
                      literal(subject.name));
}

Array<Proposal> by_key(const Review &review, const Subject &subject, bool is_enough)
{
    return is_enough && review.has_key(subject) ? proposals({set_identity(REPLICA_IDENTITY_DEFAULT)})
                                                : Array<Proposal>{};
}

// A change is one message of at most 1 GB; FULL puts the row into it twice, and bytea as text doubles.
void large_values(const Review &review, Findings &findings)
{
    const bool needs_no_full = review.is(Consumer::any) || review.is(Consumer::postgres);
    for (const Subject *subject : review.subjects)
        if (is_told(*subject) && review.state(*subject) == IdentityState::full && subject->large != nullptr &&
            subject->toast_bytes >= risky_bytes)
            findings.add({
                .subject = subject,
                .object = subject->name,
                .text = ::psprintf(
                    "%s out of line in %s, under FULL: an UPDATE of a row above 256 MB exceeds the 1 GB of "
                    "one change and stops the consumer%s",
                    pretty(subject->toast_bytes), subject->large,
                    needs_no_full ? "" : ". Keep such values in an external store."),
                .common = "256 MB and more out of line, under FULL: an UPDATE of a row above 256 MB exceeds "
                          "the 1 GB of "
                          "one change and stops the consumer",
                .proposals = by_key(review, *subject, needs_no_full),
                .by_hand =
                    needs_no_full && review.has_key(*subject) ? key_at_the_consumer(*subject) : nullptr,
            });
}

void large_columns(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects)
        if (is_told(*subject) && review.state(*subject) == IdentityState::full && subject->large != nullptr &&
            (subject->has_blob || subject->toast_bytes > 0) && subject->toast_bytes < risky_bytes)
            findings.add({
                .subject = subject,
                .object = subject->name,
                .text = ::psprintf(
                    "FULL writes old values of %s%s to the WAL on each UPDATE and DELETE, also when they "
                    "do not change",
                    subject->large, out_of_line(*subject)),
                .common = "FULL writes old values of large columns to the WAL on each UPDATE and DELETE, "
                          "also when they do "
                          "not change",
                .proposals = by_key(review, *subject, review.is(Consumer::postgres)),
                .by_hand = review.is(Consumer::postgres) && review.has_key(*subject)
                               ? key_at_the_consumer(*subject)
                               : nullptr,
            });
}

// Of a partitioned table its partitions count.
bool leaves_values_out(const Review &review, const Subject &subject)
{
    const std::span<const Subject *const> leaves = review.leaves(subject);
    return std::any_of(leaves.begin(), leaves.end(), [&](const Subject *leaf) {
        const IdentityState state = review.state(*leaf);
        return leaf->large != nullptr && review.scenario.is_permanent(*leaf->relation) &&
               (state == IdentityState::by_key || state == IdentityState::by_index);
    });
}

void toast_not_full(const Review &review, Findings &findings)
{
    const char *arrives =
        review.is(Consumer::debezium) ? "with __debezium_unavailable_value in it" : "with it empty";
    for (const Subject *subject : review.subjects) {
        const bool is_told =
            subject->is_user() || (subject->heir_of != nullptr && review.is_published(*subject));
        if (!is_told || subject->large == nullptr || !leaves_values_out(review, *subject))
            continue;
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf("replica identity is not FULL: an UPDATE that leaves %s%s as it is arrives %s",
                               subject->large, out_of_line(*subject), arrives),
            .common = ::psprintf(
                "replica identity is not FULL: an UPDATE that leaves a value that is stored out of line "
                "as it is arrives %s",
                arrives),
            .proposals = proposals({set_identity(REPLICA_IDENTITY_FULL)}),
            .by_hand = "What publications list or filter of it does not go with FULL.",
        });
    }
}

// Another type loses what the text has, and consumers see it: for a person to decide.
const char *convert_by_hand(const Subject &subject)
{
    return subject.to_jsonb == nullptr
               ? nullptr
               : ::psprintf("To convert: %s; it rewrites the table and keeps neither key order nor duplicate "
                            "keys.",
                            subject.to_jsonb);
}

const char *what_is_incomparable(const Subject &subject)
{
    return subject.to_jsonb == nullptr ? "columns of types without equality" : "columns of type json";
}

// Only where rows are compared: without a primary key at the subscriber.
void row_comparison(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        if (!subject->is_user() || review.state(*subject) != IdentityState::full ||
            review.has_key(*subject) || subject->incomparable == nullptr)
            continue;
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf(
                "no primary key, and %s cannot be compared: under FULL an UPDATE or DELETE stops a "
                "subscriber. Add a primary key.",
                subject->incomparable),
            .common = ::psprintf("no primary key, and %s cannot be compared: under FULL an UPDATE or DELETE "
                                 "stops a subscriber. Add a primary key.",
                                 what_is_incomparable(*subject)),
            .by_hand = convert_by_hand(*subject),
        });
    }
}

void row_comparison_key(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        if (!subject->is_user() || review.state(*subject) != IdentityState::full ||
            !review.has_key(*subject) || subject->incomparable == nullptr)
            continue;
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf(
                "%s cannot be compared: under FULL an UPDATE or DELETE stops a subscriber whose table "
                "lacks the primary key",
                subject->incomparable),
            .common = ::psprintf("%s cannot be compared: under FULL an UPDATE or DELETE stops a subscriber "
                                 "whose table lacks the primary key",
                                 what_is_incomparable(*subject)),
            .proposals = by_key(review, *subject, review.is(Consumer::postgres)),
            .by_hand = convert_by_hand(*subject),
        });
    }
}

void unsupported(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        if (!subject->is_user() || subject->unsupported == nullptr)
            continue;
        const bool is_json_alone =
            subject->to_jsonb != nullptr && ::strcmp(subject->unsupported, subject->incomparable) == 0;
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf(
                "types not on the list of Lakehouse Sync: %s (depending on its release, as text or not at "
                "all)",
                subject->unsupported),
            .common = ::psprintf("columns of %s not on the list of Lakehouse Sync (depending on its release, "
                                 "as text or not at all)",
                                 is_json_alone ? "type json," : "types"),
            .by_hand = is_json_alone ? convert_by_hand(*subject) : nullptr,
        });
    }
}

constexpr std::array checks = std::to_array<Check>({
    {.name = "large_values", .severities = "wwwww", .find = large_values},
    {.name = "large_columns", .severities = "-i--i", .find = large_columns},
    {.name = "toast_not_full", .severities = "--ww-", .find = toast_not_full},
    {.name = "row_comparison", .severities = "i---e", .find = row_comparison},
    {.name = "row_comparison_key", .severities = "i---i", .find = row_comparison_key},
    {.name = "unsupported_type", .severities = "-w---", .find = unsupported},
});

} // namespace

const std::span<const Check> column_checks = checks;

} // namespace dj_deploy
