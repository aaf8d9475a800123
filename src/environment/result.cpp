// Effects become entries; a run lists what was executed, and so what there is to undo.
#include "environment/result.hpp"

#include "report/report.hpp"

namespace dj_deploy {

namespace {

void append_field(::StringInfo text, const char *field)
{
    ::appendStringInfoString(text, field != nullptr ? field : "");
    appendStringInfoCharMacro(text, '\0');
}

const char *undo_text(const Change &change, std::size_t number)
{
    const Table *table = change.table;
    return statement_text(change.effect->undo[number], table != nullptr ? table->schema : nullptr,
                          table != nullptr ? table->name : nullptr);
}

::JsonbValue make_entry(const Change &change, const char *statement, std::size_t undo)
{
    const Effect &effect = *change.effect;
    const bool has_lock = change.table != nullptr && statement != nullptr;
    JsonObject entry{};
    about_change(change).add_to(entry);
    entry.add("property", make_string(effect.property));
    entry.add("old_value", make_string_or_null(effect.old_value));
    entry.add("new_value", make_string_or_null(effect.new_value));
    entry.add("ddl", make_string_or_null(statement));
    entry.add("lock", make_string_or_null(has_lock ? ::GetLockmodeName(DEFAULT_LOCKMETHOD, change.kind->lock)
                                                   : nullptr));
    entry.add("undo", make_string(undo_text(change, undo)));
    return entry.finish();
}

} // namespace

About about_change(const Change &change)
{
    const About &about = change.effect->about;
    return about.schema != nullptr || about.object != nullptr ? about : About::of(*change.table);
}

const char *fingerprint_of(const EnvironmentPlan &planned)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (const Change &change : planned.changes) {
        append_field(&text, about_change(change).text());
        append_field(&text, change.effect->property);
        append_field(&text, change.effect->old_value);
        append_field(&text, change.effect->new_value);
        append_field(&text, planned_statement(change));
    }
    for (const Remark &remark : planned.remarks)
        if (remark.sqlstate != 0)
            append_field(&text, remark.message);
    for (const Remark &remark : planned.breaking)
        append_field(&text, remark.message);
    const ::Datum content = PointerGetDatum(::cstring_to_text_with_len(text.data, text.len));
    const ::bytea *digest = DatumGetByteaPP(DirectFunctionCall1(::sha256_bytea, content));
    const auto size = static_cast<std::size_t>(VARSIZE_ANY_EXHDR(digest));
    char *hexadecimal = static_cast<char *>(::palloc0(2 * size + 1));
    ::hex_encode(VARDATA_ANY(digest), size, hexadecimal);
    return hexadecimal;
}

::Datum make_environment_report(const EnvironmentPlan &planned, const Outcome &outcome)
{
    Report report = Report::start(planned.analyzed, outcome.modified);
    Array<::JsonbValue> entries;
    for (std::size_t index = 0; index < outcome.statements.count; index++) {
        const Change &change = planned.changes[outcome.changes[index]];
        const char *statement = outcome.statements[index];
        report.add(statement);
        for (std::size_t undo = change.effect->undo_count; undo-- > 0;)
            entries.push(make_entry(change, undo == 0 ? statement : nullptr, undo));
    }
    report.object.add("changes", make_array(entries));
    report.object.add("fingerprint", make_string(fingerprint_of(planned)));
    if (!planned.breaking.is_empty()) {
        Array<::JsonbValue> refused;
        for (const Remark &remark : planned.breaking)
            refused.push(make_string(remark.message));
        report.object.add("refused", make_array(refused));
    }
    return report.finish(planned.skipped.view());
}

} // namespace dj_deploy
