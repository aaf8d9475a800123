// What is looked at before a rollout's first statement.
#pragma once

#include "request/statements.hpp"

namespace dj_deploy {

// Checks every statement. Reports at the level, WARNING or ERROR, 42501 for tables and
// publications that the caller does not own and for schemas that it may not use. Returns how many tables the
// statements name.
std::int32_t check_statements(const StatementList &list, int level);

// A NOTICE for each table (the first ten) that is locked at the moment, with its blockers.
void report_blocked(const StatementList &list);

} // namespace dj_deploy
