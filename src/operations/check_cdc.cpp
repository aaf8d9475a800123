// check_cdc: what a consumer of changes would miss or fail at, why, and the statement that mends it.
#include "rowset.hpp"

#include "checks/finding_rows.hpp"
#include "checks/server_report.hpp"
#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

Consumer consumer_of(const char *name)
{
    for (std::size_t index = 0; index < consumer_names.size(); index++)
        if (::pg_strcasecmp(name, consumer_names[index]) == 0)
            return static_cast<Consumer>(index);
    if (::pg_strcasecmp(name, "lakebase_cdf") == 0)
        return Consumer::lakehouse_sync;
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("consumer must be 'any', 'lakehouse_sync', 'lakebase_cdf', 'debezium', 'clickpipes' or "
                   "'postgres'; got '%s'",
                   shorten(name)));
    ::pg_unreachable();
}

// The publications whose operations a remedy may change: it is judged for all that they publish.
Array<Publication> publications_to_change(const Review &review)
{
    Array<Publication> changed;
    for (const Publication *publication : review.judged)
        if (!publication->is_insert || !publication->is_update || !publication->is_delete)
            changed.push(*publication);
    return changed;
}

Array<ReportRow> server_rows(const Review &review)
{
    Array<::Oid> tables;
    for (const Subject *subject : review.subjects)
        if (subject->is_user())
            tables.push(subject->relation->oid);
    Array<::Oid> publications;
    for (const Publication *publication : review.judged)
        publications.push(publication->oid);
    std::sort(publications.begin(), publications.end());
    const Question &question = *review.question;
    Array<ReportRow> rows;
    for (const ServerFinding &found :
         read_server_findings(question.consumer, question.homes, tables.view(), publications.view()))
        rows.push({.severity = found.check->severity(question.consumer),
                   .number = number_of(*found.check),
                   .place = rows.count,
                   .check = found.check->name,
                   .about = found.about,
                   .finding = found.finding,
                   .remedy = found.remedy});
    return rows;
}

// The last row: how much there is, at a glance.
ReportRow sum_of(const Review &review, const Array<ReportRow> &rows)
{
    const auto count = [&](char severity) {
        return static_cast<std::size_t>(std::count_if(
            rows.begin(), rows.end(), [&](const ReportRow &row) { return row.severity == severity; }));
    };
    return {.severity = 'i',
            .number = std::numeric_limits<std::size_t>::max(),
            .place = 0,
            .check = "sum",
            .about = review.question->homes.about(),
            .finding = ::psprintf("errors: %zu, warnings: %zu, info: %zu (tables: %zu)", count('e'),
                                  count('w'), count('i'), review.user_tables),
            .remedy = nullptr};
}

const char *word_of(char severity)
{
    return severity == 'e' ? "error" : severity == 'w' ? "warning" : "info";
}

struct CheckCdc {
    static constexpr const char *name = "check_cdc";

    NamedTarget target;
    const char *publication; // empty for all that publish tables of the schemas
    Consumer consumer;

    static CheckCdc request(const Arguments &arguments)
    {
        CheckCdc report{.target = request_target(arguments), .publication = "", .consumer = Consumer::any};
        if (const char *publication = arguments.optional_string("publication")) {
            require_name("publication", publication);
            report.publication = publication;
        }
        report.consumer = consumer_of(arguments.string("consumer"));
        return report;
    }

    void fill(const Rows &rows) const
    {
        const Question question{.homes = Homes::of(target), .publication = publication, .consumer = consumer};
        const Target schemas = question.homes.target();
        Subjects subjects = Subjects::read(schemas, {}, publication);
        Review review = Review::of(question, subjects, Scenario::of(subjects.facts));
        if (const Array<Publication> changed = publications_to_change(review); !changed.is_empty()) {
            subjects = Subjects::read(schemas, changed.view(), publication);
            review = Review::of(question, subjects, Scenario::of(subjects.facts));
        }
        Array<ReportRow> found = server_rows(review);
        for (const ReportRow &row : report_findings(review))
            found.push(row);
        sort_rows(found);
        if (!found.is_empty())
            found.push(sum_of(review, found));
        for (const ReportRow &row : found) {
            const auto [schema, table, object] = row.about.cells();
            rows.add({{Cell::text(word_of(row.severity)), Cell::text(row.check), schema, table, object,
                       Cell::text(row.finding), Cell::text(row.remedy)}});
        }
    }
};

} // namespace

DJ_DEPLOY_FUNCTION(check_cdc, run_report<CheckCdc>);

} // namespace dj_deploy
