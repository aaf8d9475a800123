// A name, two numbers and what the session is at, written for each statement: this must cost next to nothing.
#include "run/activity.hpp"

#include "plan/name_list.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

Activity *current = nullptr;

// pgstat_report_activity() would do more: it sets query_start and state_change, and takes query_id away.
void write(const char *text, int length)
{
    const int written = std::min(length, pgstat_track_activity_query_size - 1);
    PGSTAT_BEGIN_WRITE_ACTIVITY(MyBEEntry);
    ::memcpy(MyBEEntry->st_activity_raw, text, written);
    MyBEEntry->st_activity_raw[written] = '\0';
    PGSTAT_END_WRITE_ACTIVITY(MyBEEntry);
}

bool is_shown()
{
    return MyBEEntry != nullptr && MyBEEntry->st_state != ::STATE_DISABLED;
}

// The query is kept before the first text of the call takes its place.
void keep_query(Activity &activity)
{
    const ::MemoryContext caller = ::MemoryContextSwitchTo(activity.memory);
    ::initStringInfo(&activity.text);
    ::appendStringInfo(&activity.text,
                       "dj_deploy.%s: ", shown_identifier(::get_func_name(activity.function)));
    activity.before_count = activity.after_count = activity.text.len;
    activity.query = ::pstrdup(MyBEEntry->st_activity_raw);
    ::MemoryContextSwitchTo(caller);
}

// The text, to append to what is kept of it: nothing but the name of the call, or its numbers, too. Null when
// nothing is to be shown.
::StringInfo start_text(int Activity::*kept)
{
    if (current == nullptr || !pgstat_track_activities || !is_shown())
        return nullptr;
    if (current->query == nullptr)
        keep_query(*current);
    current->text.len = current->*kept;
    return &current->text;
}

void show(const ::StringInfo text)
{
    write(text->data, text->len);
}

void append_number(::StringInfo text, std::size_t number)
{
    std::array<char, 24> digits;
    ::appendBinaryStringInfo(text, digits.data(), ::pg_ulltoa_n(number, digits.data()));
}

void append_name(::StringInfo text, const RelationName &table)
{
    ::appendStringInfoString(text, shown_identifier(table.schema));
    appendStringInfoCharMacro(text, '.');
    ::appendStringInfoString(text, shown_identifier(table.name));
}

// , at lab.session, lab.trial and 3 more
void append_places(::StringInfo text, std::span<const RelationName> places)
{
    const char *separator = ", at ";
    for (const RelationName &place : places.first(std::min(places.size(), most_named))) {
        ::appendStringInfoString(text, separator);
        append_name(text, place);
        separator = ", ";
    }
    if (places.size() > most_named)
        ::appendStringInfo(text, " and %zu more", places.size() - most_named);
}

// dj_deploy.rollout: 312 of 5000 statements, waiting for
::StringInfo start_waiting()
{
    const ::StringInfo text = start_text(&Activity::after_count);
    if (text != nullptr)
        ::appendStringInfoString(text, ", waiting for ");
    return text;
}

} // namespace

void Activity::begin(::FunctionCallInfo call)
{
    function = call->flinfo->fn_oid;
    memory = ::CurrentMemoryContext;
    outer = std::exchange(current, this);
}

void Activity::end()
{
    current = outer;
    if (query != nullptr && is_shown())
        write(query, static_cast<int>(::strlen(query)));
}

void show_planning()
{
    const ::StringInfo text = start_text(&Activity::before_count);
    if (text == nullptr)
        return;
    current->after_count = text->len;
    ::appendStringInfoString(text, "planning");
    show(text);
}

void show_progress(std::size_t done, std::size_t total, std::span<const RelationName> at)
{
    const ::StringInfo text = start_text(&Activity::before_count);
    if (text == nullptr)
        return;
    append_number(text, done);
    ::appendStringInfoString(text, " of ");
    append_number(text, total);
    ::appendStringInfoString(text, " statements");
    current->after_count = text->len;
    append_places(text, at);
    show(text);
}

void show_progress(std::size_t done, std::size_t total, const RelationName &at)
{
    show_progress(done, total, {&at, at.name != nullptr ? 1u : 0u});
}

void show_waiting(const RelationName &table)
{
    if (const ::StringInfo text = start_waiting()) {
        append_name(text, table);
        show(text);
    }
}

void show_waiting(const char *kind, const char *name)
{
    if (const ::StringInfo text = start_waiting()) {
        ::appendStringInfo(text, "%s %s", kind, shown_identifier(name));
        show(text);
    }
}

void show_waited()
{
    if (const ::StringInfo text = start_text(&Activity::after_count))
        show(text);
}

} // namespace dj_deploy
