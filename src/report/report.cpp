// Statements are views of text that lies elsewhere until all become one jsonb.
#include "report/report.hpp"

namespace dj_deploy {

namespace {

::JsonbValue make_skipped(std::span<const Skip> skipped)
{
    JsonObjects items{};
    JsonObject &item = items.next;
    for (const Skip &skip : skipped) {
        skip.about.add_to(item);
        item.add("reason", make_string(skip.reason));
        if (skip.remedy != nullptr)
            item.add("remedy", make_string(skip.remedy));
        items.add_next();
    }
    return items.finish();
}

} // namespace

Report Report::start(std::int32_t analyzed, std::int32_t modified)
{
    return {.analyzed = analyzed, .modified = modified, .statements = {}, .object = {}};
}

void Report::add(std::string_view statement)
{
    statements.push(make_string(statement));
}

::Datum Report::finish(std::span<const Skip> skipped)
{
    object.add("ddl", make_array(statements));
    if (!skipped.empty())
        object.add("skipped", make_skipped(skipped));
    object.add("tables_analyzed", make_number(analyzed));
    object.add("tables_modified", make_number(modified));
    ::JsonbValue report = object.finish();
    ::Jsonb *result = ::JsonbValueToJsonb(&report);
    if (statements.items != nullptr)
        ::pfree(statements.items);
    return JsonbPGetDatum(result);
}

::Datum make_report(const Plan &plan, const Outcome &outcome)
{
    Report report = Report::start(plan.analyzed, outcome.modified);
    for (const char *statement : outcome.statements)
        report.add(statement);
    return report.finish(plan.skipped.view());
}

} // namespace dj_deploy
