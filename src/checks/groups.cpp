// Each finding is judged alone; those that come out alike are a group.
#include "checks/groups.hpp"

#include "checks/guard.hpp"
#include "pg/context.hpp"

namespace dj_deploy {

namespace {

struct Judged {
    const Check *check;
    const Finding *finding;
    std::size_t proposal; // the number of them when none can be offered
    const char *reason;   // why the first cannot
};

Judged judge_alone(const Review &review, const Check &check, const Finding &finding)
{
    Judged judged{
        .check = &check, .finding = &finding, .proposal = finding.proposals.count, .reason = nullptr};
    const Finding *itself = &finding;
    const Array<const Subject *> subjects = around(review, {&itself, 1});
    for (std::size_t index = 0; index < finding.proposals.count; index++) {
        const Remedy remedy = remedy_for(review, {}, {&itself, 1}, index);
        const Verdict verdict = judge(review, {}, check, {&itself, 1}, remedy, subjects);
        if (verdict.is_safe && (!verdict.leads_on || judged.proposal == finding.proposals.count))
            judged.proposal = index;
        if (verdict.is_safe && !verdict.leads_on)
            return judged;
        if (index == 0)
            judged.reason = verdict.reason;
    }
    return judged;
}

// Whether both propose the same of the same partitioned table, which is judged once.
bool proposes_alike(const Finding &left, const Finding &right)
{
    return left.proposals.count == 1 && right.proposals.count == 1 && left.proposals[0].root != nullptr &&
           left.proposals[0].root == right.proposals[0].root &&
           left.proposals[0].mode == right.proposals[0].mode;
}

bool belongs(const Group &group, const Judged &judged)
{
    const Finding &first = *group.findings[0];
    const Finding &finding = *judged.finding;
    if (group.check != judged.check || finding.subject == nullptr || first.subject == nullptr ||
        ::strcmp(common_of(first), common_of(finding)) != 0 ||
        group.findings[group.findings.count - 1]->subject == finding.subject)
        return false;
    const bool is_offered = judged.proposal < finding.proposals.count;
    if (is_offered != (group.proposal < first.proposals.count))
        return false;
    if (!is_offered)
        return true;
    const Proposal &left = first.proposals[group.proposal];
    const Proposal &right = finding.proposals[judged.proposal];
    return left.kind == right.kind && left.mode == right.mode && left.publication == right.publication &&
           group.proposal == judged.proposal;
}

void add_to_groups(Array<Group> &groups, const Judged &judged)
{
    for (Group &group : groups)
        if (belongs(group, judged)) {
            group.findings.push(judged.finding);
            return;
        }
    Group group{.check = judged.check, .findings = {}, .proposal = judged.proposal, .reason = judged.reason};
    group.findings.push(judged.finding);
    groups.push(group);
}

} // namespace

const char *common_of(const Finding &finding)
{
    return finding.common != nullptr ? finding.common : finding.text;
}

Array<const Subject *> around(const Review &review, std::span<const Finding *const> findings)
{
    if (findings[0]->subject == nullptr)
        return review.subjects;
    Array<const Subject *> subjects;
    for (const Finding *finding : findings) {
        const Subject *subject = finding->subject;
        subjects.push(subject);
        if (subject->root != nullptr)
            subjects.push(subject->root);
        const bool is_of_root =
            std::any_of(finding->proposals.begin(), finding->proposals.end(),
                        [](const Proposal &proposal) { return proposal.root != nullptr; });
        for (const Subject *leaf : review.leaves(is_of_root ? *subject->root : *subject))
            subjects.push(leaf);
    }
    sort_unique(subjects);
    return subjects;
}

// What judging takes is freed, table by table.
Array<Group> groups_of(const Review &review, const Check &check)
{
    Findings found{};
    check.find(review, found);
    std::sort(found.items.begin(), found.items.end(), [](const Finding &left, const Finding &right) {
        return ::strcmp(left.object, right.object) < 0;
    });
    Array<Group> groups;
    const ::MemoryContext context = ::CurrentMemoryContext;
    std::optional<Judged> last;
    for_each_in_scratch(found.items, [&](const Finding &finding) {
        Judged judged;
        if (last && proposes_alike(*last->finding, finding)) {
            judged = *last;
            judged.finding = &finding;
        } else {
            judged = judge_alone(review, check, finding);
        }
        const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
        if (judged.reason != nullptr)
            judged.reason = ::pstrdup(judged.reason);
        last = judged;
        add_to_groups(groups, judged);
        ::MemoryContextSwitchTo(scratch);
    });
    return groups;
}

} // namespace dj_deploy
