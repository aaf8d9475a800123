// The hypertables of TimescaleDB, which has a way of its own with some statements.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// Sorted; none where TimescaleDB is not installed in the database.
Array<::Oid> read_hypertables();

} // namespace dj_deploy
