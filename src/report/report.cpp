// The server turns values into jsonb. They are made by hand, because its functions that make them are others
// in every second version, and because the result of a long plan would take many times its size on the way.
#include "report/report.hpp"

namespace dj_deploy {

namespace {

::JsonbValue make_string(std::string_view text)
{
    ::JsonbValue value{};
    value.type = ::jbvString;
    value.val.string.len = static_cast<int>(text.size());
    value.val.string.val = const_cast<char *>(text.data());
    return value;
}

::JsonbValue make_number(std::int32_t number)
{
    ::JsonbValue value{};
    value.type = ::jbvNumeric;
    value.val.numeric = ::int64_to_numeric(number);
    return value;
}

::JsonbValue make_array(const Array<::JsonbValue> &items)
{
    ::JsonbValue value{};
    value.type = ::jbvArray;
    value.val.array.nElems = static_cast<int>(items.count);
    value.val.array.elems = items.items;
    return value;
}

// The pairs in the order that jsonb keeps keys in: the shorter one first.
::JsonbValue make_object(const Array<::JsonbPair> &pairs)
{
    ::JsonbValue value{};
    value.type = ::jbvObject;
    value.val.object.nPairs = static_cast<int>(pairs.count);
    value.val.object.pairs = pairs.items;
    return value;
}

::JsonbPair make_pair(const char *key, const ::JsonbValue &item)
{
    return {.key = make_string(key), .value = item, .order = 0};
}

::JsonbValue make_skipped(std::span<const Skip> skipped)
{
    Array<::JsonbValue> items;
    for (const Skip &skip : skipped) {
        Array<::JsonbPair> pairs;
        pairs.push(make_pair("table", make_string(skip.object)));
        pairs.push(make_pair("reason", make_string(skip.reason)));
        items.push(make_object(pairs));
    }
    return make_array(items);
}

} // namespace

Report Report::start(std::int32_t analyzed, std::int32_t modified)
{
    return {.analyzed = analyzed, .modified = modified, .statements = {}};
}

void Report::add(std::string_view statement)
{
    statements.push(make_string(statement));
}

::Datum Report::finish(std::span<const Skip> skipped)
{
    Array<::JsonbPair> pairs;
    pairs.push(make_pair("ddl", make_array(statements)));
    if (!skipped.empty())
        pairs.push(make_pair("skipped", make_skipped(skipped)));
    pairs.push(make_pair("tables_analyzed", make_number(analyzed)));
    pairs.push(make_pair("tables_modified", make_number(modified)));
    ::JsonbValue report = make_object(pairs);
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
