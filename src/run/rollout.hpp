// A plan executed statement by statement, one transaction each, without ever standing in a lock queue.
#pragma once

#include "pg/array.hpp"
#include "request/statements.hpp"

namespace dj_deploy {

struct Rollout {
    Array<std::uint32_t> executed; // indexes into the list, in order
    std::int32_t tables;           // that were changed
};

// Executes the statements, each in a transaction of its own; the caller is in an SPI connection that may
// commit. A table's lock is taken only when it is free at that moment. A statement whose table is busy, and
// every later one for the same table, goes to the back of the line until the deadline. A table that is gone
// is skipped with a NOTICE. Raises, when all else is done, 55P03 with the tables that stayed busy and their
// blockers, or what the server said to a statement.
Rollout execute_rollout(const StatementList &list, ::TimestampTz deadline);

} // namespace dj_deploy
