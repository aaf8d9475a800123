// Several failures become one error, which lists them; a single one stays the error that it was.
#include "run/failures.hpp"

#include "pg/context.hpp"
#include "pg/error.hpp"
#include "plan/name_list.hpp"
#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

// The error of a statement that is too long to be shown may repeat it, so its texts are cut, too.
::ErrorData shorten_error(const char *statement, ::ErrorData error)
{
    if (std::string_view(statement).size() <= longest_shown_statement)
        return error;
    for (auto member :
         {&::ErrorData::message, &::ErrorData::detail, &::ErrorData::hint, &::ErrorData::context})
        if (error.*member != nullptr)
            error.*member = const_cast<char *>(shorten(error.*member, longest_shown_statement));
    if (error.internalquery != nullptr) {
        const Excerpt excerpt = Excerpt::of(error.internalquery, std::max(error.internalpos, 1));
        error.internalquery = const_cast<char *>(excerpt.text);
        error.internalpos = error.internalpos > 0 ? excerpt.position : 0;
    }
    return error;
}

void warn(const char *statement, ::ErrorData error)
{
    error.elevel = WARNING;
    if (error.detail == nullptr)
        error.detail = ::psprintf("The statement was: %s", shorten(statement, longest_shown_statement));
    without_context([&] { ::ThrowErrorData(&error); });
}

} // namespace

Failures Failures::none()
{
    Failures failures{.context = ::CurrentMemoryContext,
                      .lines = {},
                      .count = 0,
                      .sqlstate = 0,
                      .first = nullptr,
                      .has_context = false,
                      .always_counts = false};
    ::initStringInfo(&failures.lines);
    return failures;
}

void Failures::add(const char *statement, const ::ErrorData &whole)
{
    const ::ErrorData error = shorten_error(statement, whole);
    if (count == 0) {
        const ::MemoryContext caller = ::MemoryContextSwitchTo(context);
        first = copy_whole(error);
        ::MemoryContextSwitchTo(caller);
    }
    if (count < most_named)
        warn(statement, error);
    add(statement, error.sqlerrcode, error.message);
}

void Failures::add(const char *statement, int of_sqlstate, const char *message)
{
    if (count++ == 0)
        sqlstate = of_sqlstate;
    if (count <= most_named)
        ::appendStringInfo(&lines, "%s%s: %s", count > 1 ? "\n" : "",
                           shorten(statement, longest_shown_statement), message);
}

void Failures::raise(const Progress &progress, const char *hint) const
{
    if (count == 0)
        return;
    if (count == 1 && first != nullptr) {
        if (always_counts || first->detail == nullptr)
            append_line(first->detail, progress.describe_done());
        if (has_context)
            without_context([&] { ::ThrowErrorData(first); });
        ::ThrowErrorData(first);
    }
    const char *more = count > most_named ? ::psprintf("\nAnd %zu more.", count - most_named) : "";
    ereport(ERROR, errcode(sqlstate),
            errmsg("could not execute %zu of %zu statements", count, progress.total),
            errdetail_internal("%s%s", lines.data, more), hint != nullptr ? errhint("%s", hint) : 0);
}

} // namespace dj_deploy
