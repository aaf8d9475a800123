// RUN: a statement as a client's.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// What pg_stat_activity shows as the query from now on, with a state that is active.
void show_statement(const char *statement);

// Executes one statement at top level in a transaction of its own, which the statement may end and begin as
// it likes, as VACUUM and REINDEX CONCURRENTLY do. The session's statement_timeout applies. The memory
// context of the caller must outlive transactions.
void execute_at_top_level(const char *statement);

} // namespace dj_deploy
