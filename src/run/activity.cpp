// A name, two numbers and what the session is at, written for each statement: this must cost next to nothing.
#include "run/activity.hpp"

#include "plan/name_list.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

Activity *current = nullptr;

// pgstat_report_activity() would do more: it sets query_start and state_change, and takes query_id away.
void write(std::string_view text)
{
    const std::size_t most = static_cast<std::size_t>(pgstat_track_activity_query_size) - 1;
    const std::size_t length = std::min(text.size(), most);
    PGSTAT_BEGIN_WRITE_ACTIVITY(MyBEEntry);
    ::memcpy(MyBEEntry->st_activity_raw, text.data(), length);
    MyBEEntry->st_activity_raw[length] = '\0';
    PGSTAT_END_WRITE_ACTIVITY(MyBEEntry);
}

void show(const ActivityText &text)
{
    write({text.bytes.data(), text.length});
}

bool is_tracked()
{
    return MyBEEntry != nullptr && MyBEEntry->st_state != ::STATE_DISABLED;
}

// The query is kept before the first text of the call takes its place.
void keep_query(Activity &activity)
{
    activity.query = ::MemoryContextStrdup(activity.memory, MyBEEntry->st_activity_raw);
    activity.text.length = 0;
    activity.text.append("dj_deploy.");
    activity.text.append(shown_identifier(::get_func_name(activity.function)));
    activity.text.append(": ");
    activity.before_count = activity.after_count = activity.text.length;
}

// The text, to append to what is kept of it: nothing but the name of the call, or its numbers, too. Null when
// nothing is to be shown.
ActivityText *start_text(std::size_t Activity::*kept)
{
    if (current == nullptr || !pgstat_track_activities || !is_tracked())
        return nullptr;
    if (current->query == nullptr)
        keep_query(*current);
    current->text.length = current->*kept;
    return &current->text;
}

void append_name(ActivityText &text, const RelationName &table)
{
    text.append(shown_identifier(table.schema));
    text.append(".");
    text.append(shown_identifier(table.name));
}

// , at lab.session, lab.trial and 3 more
void append_places(ActivityText &text, std::span<const RelationName> places)
{
    std::string_view separator = ", at ";
    for (const RelationName &place : places.first(std::min(places.size(), most_named))) {
        text.append(separator);
        append_name(text, place);
        separator = ", ";
    }
    if (places.size() > most_named) {
        text.append(" and ");
        text.append(places.size() - most_named);
        text.append(" more");
    }
}

// dj_deploy.rollout: 312 of 5000 statements, waiting for
ActivityText *start_waiting()
{
    ActivityText *text = start_text(&Activity::after_count);
    if (text != nullptr)
        text->append(", waiting for ");
    return text;
}

} // namespace

void ActivityText::append(std::string_view piece)
{
    const std::size_t room = bytes.size() - length;
    const std::size_t size = std::min(piece.size(), room);
    ::memcpy(bytes.data() + length, piece.data(), size);
    length += size;
}

void ActivityText::append(std::size_t number)
{
    std::array<char, 24> digits; // more than any number has
    append(std::string_view(digits.data(), static_cast<std::size_t>(::pg_ulltoa_n(number, digits.data()))));
}

void Activity::begin(::FunctionCallInfo call)
{
    function = call->flinfo->fn_oid;
    memory = ::CurrentMemoryContext;
    outer = std::exchange(current, this);
    query = nullptr;
}

void Activity::end()
{
    current = outer;
    if (query != nullptr && is_tracked())
        write(query);
}

void show_planning()
{
    ActivityText *text = start_text(&Activity::before_count);
    if (text == nullptr)
        return;
    current->after_count = text->length;
    text->append("planning");
    show(*text);
}

void show_progress(std::size_t done, std::size_t total, std::span<const RelationName> at)
{
    ActivityText *text = start_text(&Activity::before_count);
    if (text == nullptr)
        return;
    text->append(done);
    text->append(" of ");
    text->append(total);
    text->append(" statements");
    current->after_count = text->length;
    append_places(*text, at);
    show(*text);
}

void show_progress(std::size_t done, std::size_t total, const RelationName &at)
{
    show_progress(done, total, {&at, at.name != nullptr ? 1u : 0u});
}

void show_waiting(const RelationName &table)
{
    if (ActivityText *text = start_waiting()) {
        append_name(*text, table);
        show(*text);
    }
}

void show_waiting(const char *kind, const char *name)
{
    if (ActivityText *text = start_waiting()) {
        text->append(kind);
        text->append(" ");
        text->append(shown_identifier(name));
        show(*text);
    }
}

void show_waiting(const char *what)
{
    if (ActivityText *text = start_waiting()) {
        text->append(what);
        show(*text);
    }
}

void show_waited()
{
    if (const ActivityText *text = start_text(&Activity::after_count))
        show(*text);
}

} // namespace dj_deploy
