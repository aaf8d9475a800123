// THE SKELETON that every table operation runs through. It owns the order of the steps: input, catalog, plan,
// order, preview or run, report. An operation is a trivially copyable struct that says what it asks for and
// what it plans.
#pragma once

#include "plan/plan.hpp"
#include "report/report.hpp"
#include "request/target.hpp"
#include "run/execute.hpp"
#include "run/requirements.hpp"

namespace dj_deploy {

// clang-format off
template <class T>
concept TableOperation =
    std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> &&
    requires(const T operation, const Arguments &arguments, Target target, std::span<const Table> tables, Plan &plan)
    {
        // The command tag of its statements, for the refusals that the server has too.
        { T::command } -> std::convertible_to<const char *>;
        // Which tables it looks at.
        { T::scope } -> std::convertible_to<Scope>;
        // Reads and checks its own arguments; looks at no catalog.
        { T::request(arguments) } -> std::same_as<T>;
        // Appends the changes that bring the tables, given by name, from what they are to what was asked, and
        // its remarks; only reads, and may be called again. Nothing to do is an empty plan.
        { operation.plan(target, tables, plan) } -> std::same_as<void>;
    };
// clang-format on

// 42501 in a security-restricted operation: there the current user is not who set up the call.
void require_unrestricted(const char *command);

// 25006 in a READ ONLY transaction, as every one of a standby is.
void require_writable(const char *command);

template <TableOperation Operation>
Plan make_plan(const Operation &operation, NamedTarget named)
{
    Plan plan{};
    ::AcceptInvalidationMessages();
    plan.messages = ::SharedInvalidMessageCounter;
    const Target target = resolve_target(named);
    const Array<Table> tables = read_tables(target, Operation::scope);
    plan.schemas = schemas_of(tables.view(), {&target.schema, 1});
    plan.analyzed = static_cast<std::int32_t>(tables.count);
    operation.plan(target, tables.view(), plan);
    put_in_order(plan, tables.view());
    return plan;
}

template <TableOperation Operation>
::Datum run_steps(::FunctionCallInfo call)
{
    require_unrestricted(Operation::command);
    const Arguments arguments = Arguments::of(call);
    const NamedTarget named = request_target(arguments);
    const Operation operation = Operation::request(arguments);
    const bool is_dry_run = arguments.boolean("dry_run");
    if (is_dry_run) {
        const Plan plan = make_plan(operation, named);
        announce(plan);
        check_requirements(plan, WARNING);
        return make_report(plan, preview(plan));
    }

    require_writable(Operation::command);
    for (int attempts_left = most_attempts; true; attempts_left--) {
        const Plan plan = make_plan(operation, named);
        Outcome outcome{};
        if (!execute(plan, attempts_left, outcome))
            continue;
        announce(plan);
        return make_report(plan, outcome);
    }
}

// Of what the steps allocate only the jsonb that they return stays: as argument of rollout, the memory of the
// call lives as long as the rollout.
template <class Steps>
::Datum keep_result(Steps &&steps)
{
    const ::MemoryContext scratch =
        AllocSetContextCreate(::CurrentMemoryContext, "dj_deploy operation", ALLOCSET_DEFAULT_SIZES);
    const ::MemoryContext caller = ::MemoryContextSwitchTo(scratch);
    const ::Datum report = steps();
    ::MemoryContextSwitchTo(caller);
    ::Jsonb *copy = DatumGetJsonbPCopy(report);
    ::MemoryContextDelete(scratch);
    return JsonbPGetDatum(copy);
}

template <TableOperation Operation>
::Datum run_operation(::FunctionCallInfo call)
{
    return keep_result([&] { return run_steps<Operation>(call); });
}

} // namespace dj_deploy

// Defines the C symbol dj_deploy_<name> that the SQL declarations of the operation refer to.
#define DJ_DEPLOY_OPERATION(name, Operation)                                                                 \
    extern "C" {                                                                                             \
    PG_FUNCTION_INFO_V1(dj_deploy_##name);                                                                   \
    PGDLLEXPORT ::Datum dj_deploy_##name(PG_FUNCTION_ARGS)                                                   \
    {                                                                                                        \
        return dj_deploy::run_operation<Operation>(fcinfo);                                                  \
    }                                                                                                        \
    }                                                                                                        \
    static_assert(true)
