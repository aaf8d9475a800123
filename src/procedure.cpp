// The two things that the server asks of a procedure in C.
#include "procedure.hpp"

namespace dj_deploy {

namespace {

bool may_commit(::FunctionCallInfo call)
{
    ::Node *context = call->context;
    return context != nullptr && IsA(context, CallContext) && !castNode(CallContext, context)->atomic &&
           !::IsSubTransaction();
}

} // namespace

void require_own_transactions(::FunctionCallInfo call)
{
    const char *name = ::get_func_name(call->flinfo->fn_oid);
    if (!may_commit(call))
        ereport(
            ERROR, errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
            errmsg("%s cannot run inside a transaction block", name),
            errdetail(
                "It commits as it goes, which is not possible in a transaction block, a function, a block "
                "with EXCEPTION, or a procedure with SECURITY DEFINER or SET. Several statements that are "
                "sent at once are one transaction, too. With dry_run it runs there as well."),
            errhint("Send it alone, outside of BEGIN and COMMIT. Migration tools open a transaction unless "
                    "they are told not to: docs/migrations.md has the setting for each."));
#ifdef XACT_FLAGS_PIPELINING
    if ((MyXactFlags & XACT_FLAGS_PIPELINING) != 0)
        ereport(ERROR, errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
                errmsg("%s cannot be executed within a pipeline", name));
#endif
}

::Datum make_call_result(::FunctionCallInfo call, ::Datum result)
{
    ::TupleDesc descriptor = nullptr;
    if (::get_call_result_type(call, nullptr, &descriptor) != ::TYPEFUNC_COMPOSITE)
        elog(ERROR, "procedure %u has no INOUT argument", call->flinfo->fn_oid);
    bool is_null = false;
    const ::HeapTuple row = ::heap_form_tuple(::BlessTupleDesc(descriptor), &result, &is_null);
    ::pfree(DatumGetPointer(result));
    return HeapTupleGetDatum(row);
}

} // namespace dj_deploy
