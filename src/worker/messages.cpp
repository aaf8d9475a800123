// The server's own format of errors between its processes.
#include "worker/messages.hpp"

#include "pg/context.hpp"
#include "pg/error.hpp"
#include "plan/invalid_indexes.hpp"

namespace dj_deploy {

namespace {

// A function that the worker has called may have set client_encoding, and then its message is not in the
// database's encoding. A field is a letter and a string; an empty one ends the message.
void make_valid(char *fields)
{
    for (char *field = fields; *field != '\0'; field += ::strlen(field) + 1) {
        const std::size_t length = ::strlen(field + 1);
        if (!::pg_verify_mbstr(::GetDatabaseEncoding(), field + 1, static_cast<int>(length), true))
            std::replace_if(
                field + 1, field + 1 + length, [](char byte) { return IS_HIGHBIT_SET(byte); }, '?');
    }
}

} // namespace

::ErrorData read_error(std::string_view message)
{
    ::StringInfoData bytes;
    ::initStringInfo(&bytes);
    ::appendBinaryStringInfo(&bytes, message.data(), static_cast<int>(message.size()));
    make_valid(bytes.data);
    ::ErrorData error{};
    ::pq_parse_errornotice(&bytes, &error);
    error.elevel = std::min(error.elevel, ERROR);
    return error;
}

::ErrorData no_worker()
{
    ::ErrorData error{};
    error.elevel = ERROR;
    error.sqlerrcode = ERRCODE_INSUFFICIENT_RESOURCES;
    error.message = ::pstrdup("could not start a background worker");
    error.detail = ::psprintf("All %d of max_worker_processes are in use.", ::max_worker_processes);
    error.hint = ::pstrdup("Retry later, or increase max_worker_processes.");
    error.assoc_context = ::CurrentMemoryContext;
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

::ErrorData unstarted_worker()
{
    ::ErrorData error = lost_worker();
    error.detail = ::pstrdup("The worker ended before it could start.");
    error.hint =
        ::pstrdup("The server log has the reason. A worker loads the library before it sees settings of the "
                  "database, the role or the session: a dynamic_library_path that it needs belongs in "
                  "postgresql.conf.");
    return error;
}

void pass_on_notice(std::string_view message)
{
    in_scratch([&](::MemoryContext) { pass_on(read_error(message)); });
}

const char *name_leftovers(const Table &table, ::ErrorData &error)
{
    ::StringInfoData names;
    ::StringInfoData statements;
    ::initStringInfo(&names);
    ::initStringInfo(&statements);
    for (const Leftover &leftover : read_leftovers(table.oid, table.toast)) {
        const bool is_first = names.len == 0;
        ::appendStringInfo(&names, "%s%s", is_first ? "" : ", ", leftover.name);
        ::appendStringInfo(&statements, "%s%s", is_first ? "" : "; ", leftover.remedy);
    }
    if (names.len == 0)
        return nullptr;
    append_line(error.detail, ::psprintf("Invalid indexes are left behind: %s.", names.data));
    append_line(error.hint, ::psprintf("Remove them with: %s", statements.data));
    return statements.data;
}

} // namespace dj_deploy
