// rollout: a plan of the set_ functions, one transaction for each statement, on a database that must not
// stall.
#include "run/rollout.hpp"
#include "operation.hpp"
#include "procedure.hpp"
#include "report/summary.hpp"
#include "run/activity.hpp"
#include "run/rollout_checks.hpp"
#include "run/rollout_harm.hpp"

namespace dj_deploy {

namespace {

constexpr const char *command = "rollout";

::TimestampTz request_deadline(const Arguments &arguments)
{
    const ::TimestampTz now = ::GetCurrentTimestamp();
    const ::TimestampTz deadline =
        DatumGetTimestampTz(DirectFunctionCall2(::timestamptz_pl_interval, TimestampTzGetDatum(now),
                                                IntervalPGetDatum(&arguments.interval("max_wait"))));
    if (deadline < now)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_wait must not be negative"));
    return deadline;
}

template <class Indexes>
::Datum make_rollout_report(const StatementList &list, std::int32_t analyzed, std::int32_t modified,
                            const Indexes &indexes)
{
    Report report = Report::start(analyzed, modified);
    for (const std::uint32_t index : indexes)
        report.add(list.text(index));
    return report.finish({});
}

Summary sum_of(std::size_t statements, std::int32_t tables, std::int32_t looked_at)
{
    return {.statements = statements,
            .tables = static_cast<std::size_t>(tables),
            .looked_at = static_cast<std::size_t>(looked_at)};
}

::Datum show(const StatementList &list)
{
    const std::int32_t tables = check_statements(list, WARNING);
    warn_of_harm(list);
    report_blocked(list);
    Array<std::uint32_t> all;
    for (std::uint32_t index = 0; index < list.count; index++)
        all.push(index);
    announce(sum_of(list.count, tables, tables), true);
    return make_rollout_report(list, tables, 0, all);
}

::Datum run(::FunctionCallInfo call)
{
    require_unrestricted(command);
    const Arguments arguments = Arguments::of(call);
    const StatementList list = request_statements(arguments);
    const ::TimestampTz deadline = request_deadline(arguments);
    if (arguments.boolean("dry_run"))
        return make_call_result(call, show(list));

    require_writable(command);
    require_own_transactions(call);
    return with_activity(call, [&] {
        show_progress(0, list.count);
        const std::int32_t tables = check_statements(list, ERROR);
        warn_of_harm(list);
        Rollout rollout{};
        with_transactions([&] { rollout = execute_rollout(list, deadline); });
        announce(sum_of(rollout.executed.count, rollout.tables, tables), false);
        return make_call_result(call, make_rollout_report(list, tables, rollout.tables, rollout.executed));
    });
}

} // namespace

DJ_DEPLOY_FUNCTION(rollout, run);

} // namespace dj_deploy
