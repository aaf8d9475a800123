// The server's own format of errors between its processes.
#include "worker/report.hpp"

#include "catalog/invalid_indexes.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

::ErrorData read_error(std::string_view message)
{
    ::StringInfoData bytes;
    ::initStringInfo(&bytes);
    ::appendBinaryStringInfo(&bytes, message.data(), static_cast<int>(message.size()));
    ::ErrorData error{};
    ::pq_parse_errornotice(&bytes, &error);
    error.elevel = std::min(error.elevel, ERROR);
    return error;
}

void pass_on(const ::ErrorData &notice)
{
    ::ErrorData copy = notice;
    without_context([&] { ::ThrowErrorData(&copy); });
}

::ErrorData lost_worker()
{
    ::ErrorData error{};
    error.elevel = ERROR;
    error.sqlerrcode = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
    error.message = ::pstrdup("lost connection to background worker");
    error.hint = ::pstrdup("More details may be available in the server log.");
    error.assoc_context = ::CurrentMemoryContext;
    return error;
}

void pass_on_notice(std::string_view message)
{
    const ::MemoryContext scratch =
        AllocSetContextCreate(::CurrentMemoryContext, "dj_deploy notice", ALLOCSET_SMALL_SIZES);
    const ::MemoryContext caller = ::MemoryContextSwitchTo(scratch);
    pass_on(read_error(message));
    ::MemoryContextSwitchTo(caller);
    ::MemoryContextDelete(scratch);
}

void add_context(::ErrorData &error, const char *line)
{
    error.context = error.context == nullptr ? ::pstrdup(line) : ::psprintf("%s\n%s", error.context, line);
}

const char *name_leftovers(const Table &table, ::ErrorData &error)
{
    const std::array tables = {table.oid, table.toast};
    ::StringInfoData names;
    ::StringInfoData statements;
    ::initStringInfo(&names);
    ::initStringInfo(&statements);
    for (const IndexName &index : read_transient_indexes(tables)) {
        const char *name = qualified_name(index.schema, index.name);
        ::appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", name);
        ::appendStringInfo(&statements, "%sDROP INDEX CONCURRENTLY %s", statements.len > 0 ? "; " : "", name);
    }
    if (names.len == 0)
        return nullptr;
    error.detail =
        ::psprintf("%s%sInvalid indexes are left behind: %s.", error.detail != nullptr ? error.detail : "",
                   error.detail != nullptr ? "\n" : "", names.data);
    error.hint = ::psprintf("%s%sRemove them with: %s", error.hint != nullptr ? error.hint : "",
                            error.hint != nullptr ? "\n" : "", statements.data);
    return statements.data;
}

} // namespace dj_deploy
