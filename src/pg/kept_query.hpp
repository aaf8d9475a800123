// Catalog queries that the session plans once: those that take longer to plan than to execute. A text is
// never forgotten, so there must be few of them. The server plans again after what invalidates a plan.
#pragma once

#include "pg/query.hpp"

namespace dj_deploy {

// With more values in an array the query is planned for these: such a plan may join in other ways.
constexpr std::size_t most_for_kept_plan = 100;

// The rows stay in SPI_tuptable.
void execute_kept_query(const char *sql, std::span<const Parameter> parameters);

// As query() does. Callers that set planner settings set the same ones each time, as the plan is kept with
// them.
template <class OnRow, std::convertible_to<Parameter>... Values>
void kept_query(const char *sql, OnRow &&on_row, Values... values)
{
    for_each_row([&](std::span<const Parameter> parameters) { execute_kept_query(sql, parameters); }, on_row,
                 values...);
}

} // namespace dj_deploy
