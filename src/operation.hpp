// THE SKELETON that every table operation runs through. It owns the order of the steps: input, catalog,
// order, plan, preview or run, report. An operation is a trivially copyable struct that says what it asks for
// and what it plans.
#pragma once

#include "catalog/dependencies.hpp"
#include "plan/order.hpp"
#include "report/report.hpp"
#include "request/target.hpp"
#include "run/execute.hpp"

namespace dj_deploy {

// clang-format off
template <class T>
concept TableOperation =
    std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> &&
    requires(const T operation, const Arguments &arguments, const Table &table, std::span<const Table> tables,
             Array<Change> &changes)
    {
        // The command tag of its statements, for the refusals that the server has too.
        { T::command } -> std::convertible_to<const char *>;
        { T::hidden_tables } -> std::convertible_to<HiddenTables>;
        // Reads and checks its own arguments; looks at no catalog.
        { T::request(arguments) } -> std::same_as<T>;
        // Whether there is nothing to do for the table.
        { operation.is_settled(table) } -> std::same_as<bool>;
        // Appends a change for each of the tables, none of them settled, in the order given; raises its warnings.
        { operation.plan(tables, changes) } -> std::same_as<void>;
    };
// clang-format on

// 42501 in a security-restricted operation: there the current user is not who set up the call.
void require_unrestricted(const char *command);

// 25006 in a READ ONLY transaction, as every one of a standby is.
void require_writable(const char *command);

// The tables that the operation has something to do for, in the order of all of them. A target that is
// settled altogether, as on most releases, is not even put in order.
template <TableOperation Operation>
Array<Table> unsettled_tables(const Operation &operation, std::span<const Table> tables)
{
    const auto is_settled = [&](const Table &table) { return operation.is_settled(table); };
    if (std::all_of(tables.begin(), tables.end(), is_settled))
        return {};

    Array<Table> ordered = in_order(tables, read_dependencies(tables).view());
    ordered.count = std::remove_if(ordered.begin(), ordered.end(), is_settled) - ordered.begin();
    return ordered;
}

template <TableOperation Operation>
::Datum run_operation(::FunctionCallInfo call)
{
    require_unrestricted(Operation::command);
    const Arguments arguments = Arguments::of(call);
    const NamedTarget named = request_target(arguments);
    const Operation operation = Operation::request(arguments);
    const bool is_dry_run = arguments.boolean("dry_run");
    if (!is_dry_run)
        require_writable(Operation::command);

    const Target target = resolve_target(named);
    const Array<Table> tables = read_tables(target, Operation::hidden_tables);
    const Array<Table> unsettled = unsettled_tables(operation, tables.view());
    Array<Change> changes;
    operation.plan(unsettled.view(), changes);

    const Outcome outcome = is_dry_run ? preview(changes.view()) : execute(changes.view());
    return make_report(static_cast<std::int32_t>(tables.count), outcome.modified, outcome.statements.view());
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
