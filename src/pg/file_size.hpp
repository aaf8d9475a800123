// The size of a relation as the file system has it, which needs no lock on the relation.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// Bytes of the main fork whose path pg_relation_filepath() gives, over all its segments; 0 when there is
// none.
std::int64_t main_fork_bytes(const char *path);

} // namespace dj_deploy
