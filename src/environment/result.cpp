// Effects become entries; a run lists what was executed, and so what there is to undo.
#include "environment/result.hpp"

#include "pg/digest.hpp"
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

constexpr std::size_t most_in_entry = 9;

// In about the order that jsonb keeps keys in, which saves sorting them.
void fill_entry(JsonObject &entry, const Change &change, const char *statement, std::size_t undo)
{
    const Effect &effect = *change.effect;
    const bool has_lock = change.table != nullptr && statement != nullptr;
    entry.add("ddl", make_string_or_null(statement));
    entry.add("lock", make_string_or_null(has_lock ? ::GetLockmodeName(DEFAULT_LOCKMETHOD, change.kind->lock)
                                                   : nullptr));
    entry.add("undo", make_string(undo_text(change, undo)));
    entry.add("property", make_string(effect.property));
    entry.add("new_value", make_string_or_null(effect.new_value));
    entry.add("old_value", make_string_or_null(effect.old_value));
    about_change(change).add_to(entry);
}

std::size_t count_entries(const EnvironmentPlan &planned, const Outcome &outcome)
{
    std::size_t entries = 0;
    for (const std::size_t index : outcome.changes)
        entries += planned.changes[index].effect->undo_count;
    return entries;
}

} // namespace

About about_change(const Change &change)
{
    const About &about = change.effect->about;
    return about.schema != nullptr || about.object != nullptr ? about : About::of(*change.table);
}

const char *fingerprint_of(const EnvironmentPlan &planned)
{
    Digest digest = Digest::start();
    const ::StringInfo text = &digest.text;
    for (const Change &change : planned.changes) {
        append_field(text, about_change(change).text());
        append_field(text, change.effect->property);
        append_field(text, change.effect->old_value);
        append_field(text, change.effect->new_value);
        append_planned_statement(text, change);
        append_field(text, nullptr);
        digest.take();
    }
    for (const Remark &remark : planned.remarks)
        if (remark.sqlstate != 0)
            append_field(text, remark.message);
    for (const Remark &remark : planned.breaking)
        append_field(text, remark.message);
    return digest.finish();
}

::Datum make_environment_report(const EnvironmentPlan &planned, const Outcome &outcome)
{
    Report report = Report::start(planned.analyzed, outcome.modified);
    JsonObjects entries = JsonObjects::with_room(count_entries(planned, outcome), most_in_entry);
    for (std::size_t index = 0; index < outcome.statements.count; index++) {
        const Change &change = planned.changes[outcome.changes[index]];
        const char *statement = outcome.statements[index];
        report.add(statement);
        for (std::size_t undo = change.effect->undo_count; undo-- > 0;) {
            fill_entry(entries.next, change, undo == 0 ? statement : nullptr, undo);
            entries.add_next();
        }
    }
    report.object.add("changes", entries.finish());
    report.object.add("fingerprint", make_string(fingerprint_of(planned)));
    if (!planned.breaking.is_empty()) {
        Array<::JsonbValue> refused;
        for (const Remark &remark : planned.breaking)
            refused.push(make_string(remark.message));
        report.object.add("refused", make_array(refused));
    }
    const ::Datum finished = report.finish(planned.skipped.view());
    entries.destroy(); // so that the copy that is kept takes no memory besides
    return finished;
}

} // namespace dj_deploy
