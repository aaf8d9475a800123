// The result is written as text and parsed by jsonb's own input function: the C interface of jsonb is another
// one in every second version, and a query would cost a fresh session more than a run that finds nothing to
// do.
#include "report/report.hpp"

namespace dj_deploy {

Report Report::start(std::int32_t analyzed, std::int32_t modified)
{
    Report report{.text = {}, .separator = ""};
    ::initStringInfo(&report.text);
    ::appendStringInfo(&report.text, "{\"tables_analyzed\": %d, \"tables_modified\": %d, \"ddl\": [",
                       analyzed, modified);
    return report;
}

void Report::add(const char *statement)
{
    ::appendStringInfoString(&text, std::exchange(separator, ", "));
    ::escape_json(&text, statement);
}

::Datum Report::finish(std::span<const Skip> skipped)
{
    appendStringInfoChar(&text, ']');
    const char *before = ", \"skipped\": [";
    for (const Skip &skip : skipped) {
        ::appendStringInfo(&text, "%s{\"table\": ", std::exchange(before, ", "));
        ::escape_json(&text, skip.object);
        ::appendStringInfoString(&text, ", \"reason\": ");
        ::escape_json(&text, skip.reason);
        appendStringInfoChar(&text, '}');
    }
    ::appendStringInfoString(&text, skipped.empty() ? "}" : "]}");
    return DirectFunctionCall1(::jsonb_in, CStringGetDatum(text.data));
}

::Datum make_report(const Plan &plan, const Outcome &outcome)
{
    Report report = Report::start(plan.analyzed, outcome.modified);
    for (const char *statement : outcome.statements)
        report.add(statement);
    return report.finish(plan.skipped.view());
}

} // namespace dj_deploy
