// The skeleton of operations whose statements PostgreSQL refuses in a transaction block: planned like the
// others, executed by background workers.
#pragma once

#include "operation.hpp"
#include "procedure.hpp"
#include "worker/leader.hpp"

namespace dj_deploy {

// Reads "jobs"; 22023 unless it is 1 to 1024.
int request_jobs(const Arguments &arguments);

// Why the caller may not maintain the table, or null when it may; of a database its owner may do some.
const char *reason_to_skip(const Table &table, bool is_for_database_owner);

template <TableOperation Operation>
::Datum run_maintenance(::FunctionCallInfo call)
{
    require_unrestricted(Operation::command);
    const Arguments arguments = Arguments::of(call);
    const NamedTarget named = request_target(arguments);
    const Operation operation = Operation::request(arguments);
    const int jobs = request_jobs(arguments);
    const bool is_dry_run = arguments.boolean("dry_run");
    if (!is_dry_run) {
        require_writable(Operation::command);
        require_own_transactions(call);
    }
    return with_activity(call, [&] {
        if (!is_dry_run)
            show_planning();
        const Plan plan = make_plan(operation, named);
        announce(plan);
        Outcome outcome{};
        if (is_dry_run)
            outcome = preview(plan);
        else if (!plan.changes.is_empty())
            with_transactions([&] { outcome = execute_by_workers(plan, jobs); });
        announce(is_dry_run ? Summary::of_dry_run(plan) : Summary::of_run(plan, outcome), is_dry_run);
        return make_call_result(call, make_report(plan, outcome));
    });
}

} // namespace dj_deploy
