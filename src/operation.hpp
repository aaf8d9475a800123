// THE SKELETON that every table operation runs through. It owns the order of the steps: input, catalog, plan,
// order, preview or run, report. An operation is a trivially copyable struct that says what it asks for and
// what it plans.
#pragma once

#include "pg/context.hpp"
#include "pg/entry_point.hpp"
#include "plan/plan.hpp"
#include "report/report.hpp"
#include "report/summary.hpp"
#include "request/target.hpp"
#include "run/activity.hpp"
#include "run/execute.hpp"
#include "run/requirements.hpp"

namespace dj_deploy {

// clang-format off
template <class T>
concept TableOperation =
    std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> &&
    requires(const T operation, const Arguments &arguments, const Target &target,
             std::span<const Table> tables, Plan &plan)
    {
        // The command tag of its statements, for the refusals that the server has too.
        { T::command } -> std::convertible_to<const char *>;
        // The kinds of statement that it plans.
        { std::span<const StatementKind *const>(T::statements) };
        // Which tables it looks at.
        { T::scope } -> std::convertible_to<Scope>;
        // Reads and checks its own arguments; looks at no catalog.
        { T::request(arguments) } -> std::same_as<T>;
        // Appends the changes that bring the tables, given by name, from what they are to what was asked, and
        // its remarks; only reads, and may be called again. Nothing to do is an empty plan.
        { operation.plan(target, tables, plan) } -> std::same_as<void>;
    };
// clang-format on

// 25000 during a parallel operation, in its workers and its leader: a function that calls us is not parallel
// safe, whatever it is declared. 42501 in a security-restricted operation: there the current user is not who
// set up the call.
void require_unrestricted(const char *command);

// 25006 in a READ ONLY transaction, as every one of a standby is.
void require_writable(const char *command);

template <TableOperation Operation>
Plan make_plan(const Operation &operation, const NamedTarget &named)
{
    Plan plan{};
    plan.news = CatalogNews::now();
    const Target target = resolve_target(named, Operation::scope.nameable());
    if (!OidIsValid(target.table))
        plan.members = read_extension_members();
    const Array<Table> tables =
        read_tables(target, Operation::scope, plan.members.value_or(Array<::Oid>{}).view());
    plan.schemas = schemas_of(tables.view(), target.schemas.view());
    plan.shards = Shards::of(oids_of(tables.view()));
    plan.analyzed = static_cast<std::int32_t>(tables.count);
    operation.plan(target, tables.view(), plan);
    for (const Change &change : plan.changes)
        require_declared(change.kind, Operation::statements);
    put_in_order(plan, tables.view());
    return plan;
}

// Shows what make() plans, or runs it, planned again when another session has overtaken it. The result of
// make() is a Plan or derived from one; check(planned, level) raises what speaks against it beyond
// check_requirements(); report(planned, outcome) makes the result.
template <class Make, class Check, class MakeReport>
::Datum show_or_run(::FunctionCallInfo call, const char *command, bool is_dry_run, Make make, Check check,
                    MakeReport report)
{
    if (is_dry_run) {
        const auto planned = make();
        announce(planned);
        check(planned, WARNING);
        check_requirements(planned, WARNING);
        announce(Summary::of_dry_run(planned), true);
        return report(planned, preview(planned));
    }

    require_writable(command);
    return with_activity(call, [&] {
        for (Round round{}; true; round.number++) {
            show_planning();
            const auto planned = make();
            check(planned, ERROR);
            Outcome outcome{};
            if (!execute(planned, round, outcome)) {
                ereport(DEBUG1, errmsg_internal("planning again: another session has changed the catalogs"));
                continue;
            }
            announce(planned);
            announce(Summary::of_run(planned, outcome), false);
            return report(planned, outcome);
        }
    });
}

template <TableOperation Operation>
::Datum run_steps(::FunctionCallInfo call)
{
    require_unrestricted(Operation::command);
    const Arguments arguments = Arguments::of(call);
    const NamedTarget named = request_target(arguments);
    const Operation operation = Operation::request(arguments);
    const auto make = [&] { return make_plan(operation, named); };
    const auto check = [](const Plan &, int) {};
    return show_or_run(call, Operation::command, arguments.boolean("dry_run"), make, check, make_report);
}

// Of what the steps allocate only the jsonb that they return stays: as argument of rollout, the memory of the
// call lives as long as the rollout.
template <::Datum (*steps)(::FunctionCallInfo)>
::Datum keep_result(::FunctionCallInfo call)
{
    ::Jsonb *kept = nullptr;
    in_scratch([&](::MemoryContext caller) {
        const ::Datum result = steps(call);
        ::MemoryContextSwitchTo(caller);
        kept = DatumGetJsonbPCopy(result);
    });
    return JsonbPGetDatum(kept);
}

template <TableOperation Operation>
::Datum run_operation(::FunctionCallInfo call)
{
    return keep_result<run_steps<Operation>>(call);
}

} // namespace dj_deploy

// Defines the C symbol that the SQL declarations of the operation refer to, and declares what it plans. It
// runs through this skeleton, or that of maintenance: DJ_DEPLOY_OPERATION(set_grants, run_operation,
// SetGrants).
#define DJ_DEPLOY_OPERATION(name, run, Operation)                                                            \
    DJ_DEPLOY_FUNCTION(name, run<Operation>);                                                                \
    DJ_DEPLOY_DECLARE(name, .operation = #name, .statements = Operation::statements,                         \
                      .has_materialized_views =                                                              \
                          Operation::scope.has_materialized_views || Operation::scope.has_relations)
