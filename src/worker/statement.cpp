// What the server does with a simple query, for a statement that returns no rows. SPI is no way: it makes
// every statement one of a function.
#include "worker/statement.hpp"

namespace dj_deploy {

namespace {

::Portal make_portal(const char *statement)
{
    ::RawStmt *parsed = linitial_node(RawStmt, ::pg_parse_query(statement));
    ::List *rewritten = ::pg_analyze_and_rewrite_fixedparams(parsed, statement, nullptr, 0, nullptr);
    ::Portal portal = ::CreatePortal("", true, true);
    portal->visible = false;
    ::PortalDefineQuery(portal, nullptr, statement, ::CreateCommandTag(parsed->stmt),
                        ::pg_plan_queries(rewritten, statement, 0, nullptr), nullptr);
    ::PortalStart(portal, nullptr, 0, InvalidSnapshot);
    return portal;
}

} // namespace

void show_statement(const char *statement)
{
    ::SetCurrentStatementStartTimestamp();
    ::pgstat_report_activity(::STATE_RUNNING, statement);
}

void execute_at_top_level(const char *statement)
{
    const ::MemoryContext caller = ::CurrentMemoryContext;
    show_statement(statement);
    ::debug_query_string = statement;
    ::StartTransactionCommand();
    ::MemoryContextSwitchTo(caller);
    if (::StatementTimeout > 0)
        ::enable_timeout_after(::STATEMENT_TIMEOUT, ::StatementTimeout);

    ::Portal portal = make_portal(statement);
    ::QueryCompletion completion;
    portal_run_to_end(portal, &completion);
    ::PortalDrop(portal, false);

    ::disable_timeout(::STATEMENT_TIMEOUT, false);
    ::CommitTransactionCommand();
    ::MemoryContextSwitchTo(caller);
    ::debug_query_string = nullptr;
}

} // namespace dj_deploy
