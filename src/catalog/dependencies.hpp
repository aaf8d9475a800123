// Which table must come before which.
#pragma once

#include "catalog/children.hpp"
#include "catalog/tables.hpp"

namespace dj_deploy {

// The foreign keys of the tables (parent is referenced by child) and their partitions and inheriting tables
// (child is a partition of parent). Either end may be a table that is not among them. The copies of a foreign
// key that PostgreSQL keeps for the partitions of a referenced table are left out.
Array<Dependency> read_dependencies(std::span<const Table> tables);

} // namespace dj_deploy
