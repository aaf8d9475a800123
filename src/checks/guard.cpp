// Asks the model for the scenario after a remedy, and the checks what they find there.
#include "checks/guard.hpp"

#include "checks/groups.hpp"
#include "checks/reach.hpp"
#include "checks/reasons.hpp"
#include "checks/told.hpp"

namespace dj_deploy {

namespace {

Intent sum_of(const Intent &base, const Intent &more)
{
    Intent both = {};
    both.absorb(base);
    both.absorb(more);
    return both;
}

// Findings are sorted by object.
bool is_about(const Finding &finding, std::span<const Finding *const> findings)
{
    const auto has_smaller_object = [](const Finding *left, const Finding *right) {
        return ::strcmp(left->object, right->object) < 0;
    };
    return std::binary_search(findings.begin(), findings.end(), &finding, has_smaller_object);
}

bool stays(const Review &after, const Check &check, std::span<const Finding *const> findings)
{
    Findings found{};
    check.find(after, found);
    return std::any_of(found.items.begin(), found.items.end(),
                       [&](const Finding &finding) { return is_about(finding, findings); });
}

// Generated columns that begin to arrive stop a subscription alone, whose table must have them.
bool counts(const HarmDone &done, const Review &review)
{
    return done.harm != Harm::widened || review.is(Consumer::any) || review.is(Consumer::postgres);
}

// Whether old rows come to harm that consumers receive already, without the remedies before.
bool weakens_what_is(const Scenario &after, const HarmDone &done)
{
    const Scenario as_it_is = Scenario::of(*after.facts);
    return std::ranges::any_of(find_consumer_harms(as_it_is, after, *done.table), [&](const HarmDone &other) {
        return other.harm == Harm::weakened && other.publication->oid == done.publication->oid;
    });
}

// Among harms of subjects, which come first and by name, the first; among others that whose names come
// first: OIDs are others in a copy of the database.
bool comes_before(const Review &review, const HarmDone &left, const HarmDone &right)
{
    if (left.table != right.table)
        return ::strcmp(review.name_of(*left.table), review.name_of(*right.table)) < 0;
    if (left.harm != right.harm)
        return left.harm < right.harm;
    return ::strcmp(left.publication->name, right.publication->name) < 0;
}

void keep_first(const Review &review, HarmDone &first, const HarmDone &done)
{
    if (first.harm == Harm::none || comes_before(review, done, first))
        first = done;
}

// The first harm to one of the tables, if any; one to old rows alone only where there is no other.
HarmDone first_harm(const Review &review, const Scenario &before, const Scenario &after,
                    const Array<const Relation *> &tables)
{
    HarmDone first{};
    HarmDone weakening{};
    for (const Relation *table : tables) {
        for (const HarmDone &done : find_harms(before, after, *table)) {
            if (done.harm != Harm::weakened && counts(done, review))
                keep_first(review, first, done);
            else if (done.harm == Harm::weakened && weakens_what_is(after, done))
                keep_first(review, weakening, done);
        }
        if (first.harm != Harm::none && review.all->find(first.table->oid) != nullptr)
            break;
    }
    return first.harm != Harm::none ? first : weakening;
}

// What was asked, and the errors that may stay: found before it was mended and afterwards.
struct Origin {
    const Check *check;
    std::span<const Finding *const> findings;
    const Array<Told> *errors;
};

Array<Told> errors_of_both(const Array<Told> &before, const Array<Told> &after)
{
    Array<Told> both;
    for (const Told &told : after)
        if (is_known(before, told))
            both.push(told);
    return both;
}

// The errors of subjects that are looked at now and were not before, as they are.
Array<Told> errors_of_others(const Review &review, const Array<const Subject *> &looked_at)
{
    Array<Told> others;
    if (looked_at.count == review.subjects.count)
        return others;
    for (const Told &told : find_all(review.in(review.scenario, looked_at), "e"))
        if (told.finding.subject != nullptr &&
            !std::binary_search(review.subjects.begin(), review.subjects.end(), told.finding.subject))
            others.push(told);
    return others;
}

// Whether there is no error but those that may stay, and what was mended has not come back.
bool is_good_end(const Review &review, const Origin &origin, const Array<Told> &others)
{
    for (const Told &told : find_all(review, "e"))
        if (!is_known(*origin.errors, told) && !is_known(others, told))
            return false;
    return !stays(review, *origin.check, origin.findings);
}

// Whether one of what it proposes, where the review is of what the base leads to, does no harm, mends it, and
// comes to a good end.
bool has_remedy(const Review &review, const Intent &base, const Told &told, const Origin &origin)
{
    const Finding *finding = &told.finding;
    for (std::size_t index = 0; index < finding->proposals.count; index++) {
        const Remedy remedy = remedy_for(review, base, {&finding, 1}, index);
        if (remedy.is_opaque)
            return true;
        if (remedy.statement == nullptr || !knows_all(review, remedy.intent))
            continue;
        const Scenario after = Scenario::of(*review.scenario.facts, sum_of(base, remedy.intent));
        const Array<const Relation *> tables = touched(review, remedy.intent, review.subjects);
        if (first_harm(review, review.scenario, after, tables).harm != Harm::none)
            continue;
        const Array<const Subject *> about = subjects_about(review, remedy.intent, review.subjects);
        if (is_good_end(review.in(after, about), origin, errors_of_others(review, about)))
            return true;
    }
    return false;
}

// Whether an error of one table could be mended by itself.
bool is_mendable(const Review &review, const Intent &base, const Told &told)
{
    const Finding *finding = &told.finding;
    const Review near = review.in(review.scenario, around(review, {&finding, 1}));
    const Array<Told> errors = find_all(near, "e");
    return has_remedy(near, base, told, {.check = told.check, .findings = {&finding, 1}, .errors = &errors});
}

// Scenarios as reviews, and what leads to them.
struct Side {
    const Review &review;
    const Intent &base;
    const Array<Told> &errors;
};

// An error of a table that the remedy touches, also of those that it is for, could be mended before and no
// longer can; null without.
const Told *find_lost(const Side &before, const Side &after, const Intent &intent)
{
    const Array<const Subject *> touched_ones = subjects_about(after.review, intent, {});
    for (const Told &told : after.errors)
        if (told.finding.subject != nullptr &&
            std::binary_search(touched_ones.begin(), touched_ones.end(), told.finding.subject) &&
            is_known(before.errors, told) && is_mendable(before.review, before.base, told) &&
            !is_mendable(after.review, after.base, told))
            return &told;
    return nullptr;
}

Verdict unsafe(const char *reason)
{
    return {.is_safe = false, .leads_on = false, .reason = reason};
}

} // namespace

Verdict judge(const Review &review, const Intent &base, const Check &check,
              std::span<const Finding *const> findings, const Remedy &remedy,
              const Array<const Subject *> &subjects)
{
    if (remedy.is_opaque)
        return {.is_safe = true, .leads_on = false, .reason = nullptr};
    if (remedy.statement == nullptr || !knows_all(review, remedy.intent))
        return unsafe(nullptr);
    const Facts &facts = *review.scenario.facts;
    const Intent both = sum_of(base, remedy.intent);
    const Scenario before = Scenario::of(facts, base);
    const Scenario after = Scenario::of(facts, both);
    const HarmDone done = first_harm(review, before, after, touched(review, remedy.intent, subjects));
    if (done.harm != Harm::none)
        return unsafe(reason_of(review, done, remedy.intent, after));
    const Array<const Subject *> about = subjects_about(review, remedy.intent, subjects);
    const Review then = review.in(after, about);
    if (stays(then, check, findings))
        return unsafe(nullptr);
    const Review now = review.in(before, about);
    const Array<Told> known = find_all(now, "e");
    const Array<Told> errors = find_all(then, "e");
    if (const Told *lost = find_lost({now, base, known}, {then, both, errors}, remedy.intent))
        return unsafe(::psprintf("%s %s of %s would have no remedy any more.", start_of(remedy.intent),
                                 lost->check->name, lost->finding.object));
    const Array<Told> lasting = errors_of_both(known, errors);
    const Origin origin{.check = &check, .findings = findings, .errors = &lasting};
    Verdict verdict{.is_safe = true, .leads_on = false, .reason = nullptr};
    for (const Told &told : errors)
        if (!is_known(known, told)) {
            verdict.leads_on = true;
            verdict.is_safe = verdict.is_safe && has_remedy(then, both, told, origin);
            verdict.reason =
                ::psprintf("%s there would be %s of %s%s.", start_of(remedy.intent), told.check->name,
                           told.finding.object, verdict.is_safe ? "" : ", without a remedy");
            if (!verdict.is_safe)
                return verdict;
        }
    return verdict;
}

bool leaves_others_alone(const Review &review, const Intent &base, std::span<const Finding *const> findings,
                         const Remedy &remedy)
{
    const Facts &facts = *review.scenario.facts;
    const Review before = review.in(Scenario::of(facts, base), review.subjects);
    const Review after = review.in(Scenario::of(facts, sum_of(base, remedy.intent)), review.subjects);
    const Array<Told> known = find_all(before, "ew");
    for (const Told &told : find_all(after, "ew"))
        if (!is_known(known, told) && !is_about(told.finding, findings))
            return false;
    return true;
}

} // namespace dj_deploy
