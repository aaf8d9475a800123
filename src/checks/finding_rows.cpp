// A row for each group; its remedy is judged again, by itself and after those of the rows above it.
#include "checks/finding_rows.hpp"

#include "checks/groups.hpp"
#include "checks/guard.hpp"
#include "pg/context.hpp"

namespace dj_deploy {

namespace {

constexpr std::size_t most_shown = 3; // names of tables in a row about several

// lab.a, lab.b, lab.c and 7 more
const char *first_names(const Array<const Finding *> &findings)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (std::size_t index = 0; index < std::min(findings.count, most_shown); index++)
        ::appendStringInfo(&text, "%s%s", index > 0 ? ", " : "", findings[index]->object);
    if (findings.count > most_shown)
        ::appendStringInfo(&text, " and %zu more", findings.count - most_shown);
    return text.data;
}

bool are_user_tables(const Array<const Finding *> &findings)
{
    return std::all_of(findings.begin(), findings.end(),
                       [](const Finding *finding) { return finding->subject->is_user(); });
}

const char *text_of(const Review &review, const Group &group)
{
    const Finding &first = *group.findings[0];
    const std::size_t count = group.findings.count;
    if (count == 1)
        return first.text;
    if (!are_user_tables(group.findings))
        return ::psprintf("%zu tables (%s): %s", count, first_names(group.findings), common_of(first));
    if (count == review.user_tables)
        return ::psprintf("all %zu tables: %s", count, common_of(first));
    return ::psprintf("%zu of %zu tables (%s): %s", count, review.user_tables, first_names(group.findings),
                      common_of(first));
}

// A sentence more.
const char *continued(const char *text, const char *more)
{
    if (more == nullptr)
        return text;
    const char last = text[std::string_view(text).size() - 1];
    return ::psprintf("%s%s %s", text, last == '.' ? "" : ".", more);
}

// What the remedies of the rows above do: of those of the same severity, which people may run alone, and of
// all.
struct Bases {
    Intent same;
    Intent all;
};

// By itself, and after the remedies of the rows above it.
Verdict judge_each_way(const Review &review, const Bases &bases, const Group &group, const Remedy &remedy,
                       const Array<const Subject *> &subjects)
{
    const std::span<const Finding *const> findings = group.findings.view();
    Verdict verdict = judge(review, {}, *group.check, findings, remedy, subjects);
    for (const Intent *base : {&bases.same, &bases.all})
        if (verdict.is_safe && !base->is_empty())
            verdict = judge(review, *base, *group.check, findings, remedy, subjects);
    return verdict;
}

// The remedy that is offered, which the rows below then count on; without a statement where there is none.
Remedy offered(const Review &review, const Bases &bases, const Group &group, const char *&reason)
{
    const std::span<const Finding *const> findings = group.findings.view();
    if (group.proposal >= findings[0]->proposals.count)
        return {.statement = nullptr, .intent = {}};
    const Remedy whole = whole_schema_remedy(review, {}, findings, group.proposal);
    if (whole.statement != nullptr && judge_each_way(review, bases, group, whole, review.subjects).is_safe &&
        leaves_others_alone(review, bases.same, findings, whole))
        return whole;
    const Remedy exact = remedy_for(review, {}, findings, group.proposal);
    const Verdict verdict = judge_each_way(review, bases, group, exact, around(review, findings));
    if (verdict.is_safe)
        return exact;
    reason = verdict.reason;
    return {.statement = nullptr, .intent = {}};
}

// A group whose remedy does harm to some of its tables, divided into those that it can be offered for, and
// the others. Either may be empty.
std::array<Group, 2> divide(const Review &review, const Bases &bases, const Group &group)
{
    std::array<Group, 2> parts{};
    for (Group &part : parts) {
        part.check = group.check;
        part.proposal = group.proposal;
        part.reason = group.reason;
    }
    for_each_in_scratch(group.findings, [&](const Finding *finding) {
        Group alone{.check = group.check, .findings = {}, .proposal = group.proposal, .reason = nullptr};
        alone.findings.push(finding);
        const Remedy remedy = remedy_for(review, {}, alone.findings.view(), group.proposal);
        const Array<const Subject *> subjects = around(review, alone.findings.view());
        parts[judge_each_way(review, bases, alone, remedy, subjects).is_safe ? 0 : 1].findings.push(finding);
    });
    return parts;
}

// The schema that all of them belong to, or how many are asked about.
About home_about(const Review &review, const Array<const Finding *> &findings)
{
    const ::Oid first = findings[0]->subject->home();
    const bool is_one = std::all_of(findings.begin(), findings.end(), [&](const Finding *finding) {
        return finding->subject->home() == first;
    });
    return is_one ? review.question->homes.where([&](::Oid schema) { return schema == first; }).about()
                  : review.question->homes.about();
}

ReportRow row_of(const Review &review, const Group &group, const Remedy &remedy, const char *reason)
{
    const Finding &first = *group.findings[0];
    const char *text = text_of(review, group);
    if (remedy.statement == nullptr || group.proposal > 0)
        text = continued(text, reason);
    if (remedy.statement == nullptr)
        text = continued(text, first.by_hand);
    return {.severity = group.check->severity(review.question->consumer),
            .number = number_of(*group.check),
            .place = 0,
            .check = group.check->name,
            .about = group.findings.count == 1 ? first.about() : home_about(review, group.findings),
            .finding = text,
            .remedy = remedy.statement};
}

int rank_of(char severity)
{
    return severity == 'e' ? 0 : severity == 'w' ? 1 : 2;
}

Array<Group> find_groups(const Review &review)
{
    Array<Group> groups;
    for (const char severity : {'e', 'w', 'i'})
        for (const std::span<const Check> *family : check_families)
            for (const Check &check : *family)
                if (check.find != nullptr && check.severity(review.question->consumer) == severity)
                    for (const Group &group : groups_of(review, check))
                        groups.push(group);
    return groups;
}

} // namespace

std::size_t number_of(const Check &check)
{
    std::size_t number = 0;
    for (const std::span<const Check> *family : check_families)
        for (const Check &other : *family) {
            if (&other == &check)
                return number;
            number++;
        }
    return number;
}

void sort_rows(Array<ReportRow> &rows)
{
    std::sort(rows.begin(), rows.end(), [](const ReportRow &left, const ReportRow &right) {
        if (left.severity != right.severity)
            return rank_of(left.severity) < rank_of(right.severity);
        return left.number != right.number ? left.number < right.number : left.place < right.place;
    });
}

Array<ReportRow> report_findings(const Review &review)
{
    Array<ReportRow> rows;
    Bases bases{};
    char severity = '\0';
    const Array<Group> groups = find_groups(review);
    const ::MemoryContext context = ::CurrentMemoryContext;
    for_each_in_scratch(groups, [&](const Group &group) {
        if (const char next = group.check->severity(review.question->consumer); next != severity) {
            severity = next;
            bases.same = {.identities = {.context = context},
                          .publications = {.context = context},
                          .added = {.context = context},
                          .dropped = {.context = context},
                          .logged = {.context = context},
                          .removed = {.context = context}};
        }
        const auto tell = [&](const Group &part, const Remedy &remedy, const char *reason) {
            if (remedy.statement != nullptr) {
                bases.same.absorb(remedy.intent);
                bases.all.absorb(remedy.intent);
            }
            ReportRow row = row_of(review, part, remedy, reason);
            const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
            row.place = rows.count;
            if (row.about.object != nullptr)
                row.about.object = ::pstrdup(row.about.object);
            row.finding = ::pstrdup(row.finding);
            row.remedy = row.remedy == nullptr ? nullptr : ::pstrdup(row.remedy);
            rows.push(row);
            ::MemoryContextSwitchTo(scratch);
        };
        const char *reason = group.reason;
        const Remedy remedy = offered(review, bases, group, reason);
        const bool is_withheld =
            remedy.statement == nullptr && group.proposal < group.findings[0]->proposals.count;
        if (!is_withheld || group.findings.count == 1)
            return tell(group, remedy, reason);
        const auto [mended, left] = divide(review, bases, group);
        if (!mended.findings.is_empty()) {
            const char *no_reason = mended.reason;
            tell(mended, offered(review, bases, mended, no_reason), no_reason);
        }
        if (!left.findings.is_empty())
            tell(left, {.statement = nullptr, .intent = {}}, reason);
    });
    return rows;
}

} // namespace dj_deploy
