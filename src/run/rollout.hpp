// A plan executed statement by statement, one transaction each, without ever standing in a lock queue.
#pragma once

#include "pg/array.hpp"
#include "request/statements.hpp"

namespace dj_deploy {

struct Rollout {
    Array<std::uint32_t> executed; // indexes into the list, in order
    std::int32_t tables;           // that were changed
};

// Raises 42501 that names the tables that the caller does not own, or warns of them. Checks every statement.
// Returns how many tables the statements name.
std::int32_t check_statements(const StatementList &list, int level);

// A NOTICE for each table (the first ten) that is locked at the moment, with its blockers.
void report_blocked(const StatementList &list);

// Executes the statements, each in a transaction of its own; the caller is in an SPI connection that may
// commit. A table's lock is taken only when it is free at that moment. A statement whose table is busy, and
// every later one for the same table, goes to the back of the line until the deadline. A table that is gone
// is skipped with a NOTICE. Raises, when all else is done, 55P03 with the tables that stayed busy and their
// blockers, or what the server said to a statement.
Rollout execute_rollout(const StatementList &list, ::TimestampTz deadline);

} // namespace dj_deploy
