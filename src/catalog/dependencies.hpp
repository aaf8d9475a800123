// Which table must come before which.
#pragma once

#include "catalog/children.hpp"
#include "catalog/tables.hpp"

namespace dj_deploy {

// The parent may be a table that is not among those that were asked for.
struct Dependencies {
    Array<Dependency> foreign_keys; // the child references the parent
    Array<Dependency> inheritance;  // the child is a partition of the parent, or inherits from it
};

// What the tables depend on. The copies of a foreign key that PostgreSQL keeps for the partitions of a
// referenced table are left out.
Dependencies read_dependencies(std::span<const Table> tables);

} // namespace dj_deploy
