// An error of this process names its place in the source by literals; one that came from another process
// owns every string.
#include "pg/error.hpp"

namespace dj_deploy {

namespace {

constexpr std::array strings = {
    &::ErrorData::message,       &::ErrorData::detail,          &::ErrorData::detail_log,
    &::ErrorData::hint,          &::ErrorData::context,         &::ErrorData::backtrace,
    &::ErrorData::schema_name,   &::ErrorData::table_name,      &::ErrorData::column_name,
    &::ErrorData::datatype_name, &::ErrorData::constraint_name, &::ErrorData::internalquery,
};

constexpr std::array literals = {
    &::ErrorData::filename,       &::ErrorData::funcname,   &::ErrorData::domain,
    &::ErrorData::context_domain, &::ErrorData::message_id,
};

template <class Members>
void copy_members(::ErrorData &error, const Members &members)
{
    for (const auto member : members)
        if (error.*member != nullptr)
            error.*member = ::pstrdup(error.*member);
}

constexpr std::array interrupt_codes = {ERRCODE_QUERY_CANCELED, ERRCODE_ADMIN_SHUTDOWN, ERRCODE_WARNING};

// A parallel worker that is terminated ends its leader's statement, not the session: no FATAL comes of it.
Interrupt interrupt_of(const ::ErrorData &error)
{
    const std::string_view function = error.funcname != nullptr ? error.funcname : "";
    if (function == "SyncRepWaitForLSN" && error.elevel == WARNING)
        return Interrupt::end_of_wait;
    if (function != "ProcessInterrupts")
        return Interrupt::none;
    if (error.sqlerrcode == ERRCODE_QUERY_CANCELED)
        return Interrupt::cancel;
    return error.sqlerrcode == ERRCODE_ADMIN_SHUTDOWN && error.elevel >= FATAL ? Interrupt::end_of_session
                                                                               : Interrupt::none;
}

} // namespace

::ErrorData *copy_whole(const ::ErrorData &error)
{
    auto *copied = static_cast<::ErrorData *>(::palloc(sizeof(::ErrorData)));
    *copied = error;
    copied->assoc_context = ::CurrentMemoryContext;
    copy_members(*copied, strings);
    copy_members(*copied, literals);
    return copied;
}

void append_line(char *&text, const char *line)
{
    text = text == nullptr ? ::pstrdup(line) : ::psprintf("%s\n%s", text, line);
}

// A copy is the only way to see where a message comes from. Nothing interrupts a critical section, and none
// may be made there.
Interrupt reported_interrupt(::MemoryContext memory)
{
    if (CritSectionCount > 0 || std::ranges::find(interrupt_codes, ::geterrcode()) == interrupt_codes.end())
        return Interrupt::none;
    const ::MemoryContext errors = ::MemoryContextSwitchTo(memory);
    ::ErrorData *raised = ::CopyErrorData();
    const Interrupt interrupt = interrupt_of(*raised);
    ::FreeErrorData(raised);
    ::MemoryContextSwitchTo(errors);
    return interrupt;
}

} // namespace dj_deploy
