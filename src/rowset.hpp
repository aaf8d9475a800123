// The skeleton of set-returning reports. A report is a trivially copyable struct that says what it is asked
// for and fills in the rows; it only reads, waits for nobody's lock, and works on a standby.
#pragma once

#include "operation.hpp"
#include "pg/rows.hpp"

namespace dj_deploy {

// clang-format off
template <class T>
concept TableReport =
    std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> &&
    requires(const T report, const Arguments &arguments, const Rows &rows)
    {
        // Its SQL name, for the refusals.
        { T::name } -> std::convertible_to<const char *>;
        // Reads and checks its own arguments; looks at no catalog.
        { T::request(arguments) } -> std::same_as<T>;
        // Adds the rows, in the order in which a person wants to read them.
        { report.fill(rows) } -> std::same_as<void>;
    };
// clang-format on

template <TableReport Report>
::Datum run_report(::FunctionCallInfo call)
{
    require_unrestricted(Report::name);
    const Report report = Report::request(Arguments::of(call));
    const Rows rows = Rows::start(call);
    ::AcceptInvalidationMessages();
    in_scratch([&](::MemoryContext) { report.fill(rows); });
    return 0;
}

} // namespace dj_deploy
