// The result is written as text and parsed by jsonb's own input function: the C interface of jsonb is another
// one in every second version, and a query would cost a fresh session more than a run that finds nothing to
// do.
#include "report/report.hpp"

namespace dj_deploy {

namespace {

// "key": [item, item]
template <class Item, class AppendItem>
void append_array(::StringInfo text, const char *key, std::span<const Item> items, AppendItem append_item)
{
    ::appendStringInfo(text, ", \"%s\": [", key);
    const char *separator = "";
    for (const Item &item : items) {
        ::appendStringInfoString(text, separator);
        append_item(item);
        separator = ", ";
    }
    appendStringInfoChar(text, ']');
}

} // namespace

::Datum make_report(const Plan &plan, const Outcome &outcome)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    ::appendStringInfo(&text, "{\"tables_analyzed\": %d, \"tables_modified\": %d", plan.analyzed,
                       outcome.modified);
    append_array(&text, "ddl", outcome.statements.view(),
                 [&](const char *statement) { ::escape_json(&text, statement); });
    if (!plan.skipped.is_empty())
        append_array(&text, "skipped", plan.skipped.view(), [&](const Skip &skip) {
            ::appendStringInfoString(&text, "{\"table\": ");
            ::escape_json(&text, skip.object);
            ::appendStringInfoString(&text, ", \"reason\": ");
            ::escape_json(&text, skip.reason);
            appendStringInfoChar(&text, '}');
        });
    appendStringInfoChar(&text, '}');
    return DirectFunctionCall1(::jsonb_in, CStringGetDatum(text.data));
}

} // namespace dj_deploy
