// The tables above a partition.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// The partitioned tables above a partition, its root last. None for a table that is no partition, has been
// detached or dropped, or whose detachment is not finished.
Array<::Oid> read_ancestors(::Oid table);

} // namespace dj_deploy
