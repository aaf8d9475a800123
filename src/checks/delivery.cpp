// What a publication leaves out of the tables that it publishes: columns and rows that never arrive.
#include "checks/check.hpp"
#include "plan/quote.hpp"
#include "publishing/harm.hpp"
#include "publishing/members.hpp"

namespace dj_deploy {

namespace {

const char *append_name(const char *names, const char *name)
{
    return names[0] == '\0' ? name : ::psprintf("%s, %s", names, name);
}

// add(subject, leaf, how it is published): for each publication and user table, or table that inherits from
// one, the first of its partitions, or itself, that is published.
template <class Add>
void for_each_published(const Review &review, Add &&add)
{
    for (const Publication *publication : review.judged)
        for (const Subject *subject : review.subjects) {
            if (!subject->is_user() && subject->heir_of == nullptr)
                continue;
            for (const Subject *leaf : review.leaves(*subject)) {
                const Publishing published = review.scenario.publishing(*leaf->relation, *publication);
                if (published.publication != nullptr && add(*subject, *leaf, published))
                    break;
            }
        }
}

// The same for each list or filter of it: partitions that are published by themselves may have their own.
template <class Add>
void for_each_narrowing(const Review &review, Add &&add)
{
    Array<const Narrowing *> seen;
    const Subject *last = nullptr;
    for_each_published(review, [&](const Subject &subject, const Subject &leaf, const Publishing &published) {
        if (&subject != std::exchange(last, &subject))
            seen.count = 0;
        if (published.delivered != nullptr &&
            std::find(seen.begin(), seen.end(), published.delivered) == seen.end()) {
            seen.push(published.delivered);
            add(subject, leaf, published);
        }
        return false;
    });
}

// " of lab.sample_1", where a partition has it.
const char *of_partition(const Review &review, const Subject &subject, const Publishing &published)
{
    return published.as == subject.relation ? "" : ::psprintf(" of %s", review.name_of(*published.as));
}

const char *hidden_generated(const Review &review, const Subject &leaf, const Publishing &published)
{
    const char *names = "";
    for (const GeneratedColumn &column : review.scenario.facts->generated(*leaf.relation))
        if (!review.scenario.shows_generated(published, *leaf.relation, column))
            names =
                append_name(names, shown_identifier(::get_attname(leaf.relation->oid, column.number, true)));
    return names;
}

void generated_not_published(const Review &review, Findings &findings)
{
    for_each_published(review, [&](const Subject &subject, const Subject &leaf, const Publishing &published) {
        const char *names = hidden_generated(review, leaf, published);
        if (names[0] == '\0' || (published.delivered != nullptr && published.delivered->has_list))
            return false;
        const char *why = PG_VERSION_NUM < 180000
                              ? "before PostgreSQL 18 none does"
                              : "virtual ones never do, stored ones with "
                                "publish_generated_columns = stored, for which the consumer's "
                                "table needs the columns";
        findings.add({
            .subject = &subject,
            .object = subject.name,
            .text = ::psprintf("generated columns (%s) never arrive from publication %s: %s", names,
                               shown_identifier(published.publication->name), why),
            .common = ::psprintf("generated columns never arrive from publication %s: %s",
                                 shown_identifier(published.publication->name), why),
        });
        return true;
    });
}

const char *unlisted_columns(const Subject &leaf, const Publishing &published)
{
    const char *names = "";
    for (const ::AttrNumber column : read_columns(leaf.relation->oid))
        if (!covers(*published.as, published.delivered->list, *leaf.relation, column))
            names = append_name(names, shown_identifier(::get_attname(leaf.relation->oid, column, true)));
    return names;
}

void columns_not_listed(const Review &review, Findings &findings)
{
    for_each_narrowing(review, [&](const Subject &subject, const Subject &leaf, const Publishing &published) {
        const char *names = published.delivered->has_list ? unlisted_columns(leaf, published) : "";
        if (names[0] == '\0')
            return;
        const char *publication = shown_identifier(published.publication->name);
        findings.add({
            .subject = &subject,
            .object = subject.name,
            .text = ::psprintf(
                "columns %s%s never arrive: publication %s lists others, and no column that is added later",
                names, of_partition(review, subject, published), publication),
            .common = ::psprintf(
                "columns never arrive that publication %s does not list, and no column that is added "
                "later",
                publication),
        });
    });
}

void rows_filtered(const Review &review, Findings &findings)
{
    for_each_narrowing(review, [&](const Subject &subject, const Subject &, const Publishing &published) {
        if (!published.delivered->has_filter)
            return;
        const char *publication = shown_identifier(published.publication->name);
        const char *narrowing = read_narrowing(published.publication->name, published.as->oid);
        const char *filter = ::strstr(narrowing, "WHERE ");
        findings.add({
            .subject = &subject,
            .object = subject.name,
            .text = ::psprintf("rows%s never arrive that publication %s filters out: %s",
                               of_partition(review, subject, published), publication,
                               filter == nullptr ? "" : filter),
            .common = ::psprintf("rows never arrive that publication %s filters out", publication),
        });
    });
}

// The judged publications of a table that holds rows.
Array<Publishing> judged_publishings(const Review &review, const Subject &leaf)
{
    Array<Publishing> published;
    for (const Publication *publication : review.judged)
        if (const Publishing one = review.scenario.publishing(*leaf.relation, *publication);
            one.publication != nullptr)
            published.push(one);
    return published;
}

// What comes of two that publish a table in different ways.
const char *difference(const Publishing &left, const Publishing &right)
{
    const auto has_filter = [](const Publishing &publishing) {
        return publishing.delivered != nullptr && publishing.delivered->has_filter;
    };
    if (left.as->oid != right.as->oid)
        return "under different names: a consumer of both receives changes under that of the table above "
               "alone";
    if (has_filter(left) || has_filter(right))
        return "with different row filters: a consumer of both receives the rows that either lets through";
    return "with different columns: decoding fails for a consumer of both";
}

// One row for each table: the first two that do not go together.
void publications_differ(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        if (!subject->is_user() && subject->heir_of == nullptr)
            continue;
        const auto find_pair = [&](const Subject &leaf) {
            const Array<Publishing> published = judged_publishings(review, leaf);
            for (const Publishing &left : published)
                for (const Publishing &right : published)
                    if (&left < &right && !go_together(review.scenario, left, right, *leaf.relation)) {
                        const char *text = ::psprintf(
                            "publications %s and %s publish it %s", shown_identifier(left.publication->name),
                            shown_identifier(right.publication->name), difference(left, right));
                        findings.add({.subject = subject, .object = subject->name, .text = text});
                        return true;
                    }
            return false;
        };
        const std::span<const Subject *const> leaves = review.leaves(*subject);
        std::ranges::any_of(leaves, [&](const Subject *leaf) { return find_pair(*leaf); });
    }
}

constexpr std::array checks = std::to_array<Check>({
    {.name = "generated_not_published", .severities = "iiiii", .find = generated_not_published},
    {.name = "columns_not_listed", .severities = "iiiii", .find = columns_not_listed},
    {.name = "rows_filtered", .severities = "iiiii", .find = rows_filtered},
    {.name = "publications_differ", .severities = "i-iii", .find = publications_differ},
});

} // namespace

const std::span<const Check> delivery_checks = checks;

} // namespace dj_deploy
