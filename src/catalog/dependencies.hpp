// Which table must come before which.
#pragma once

#include "catalog/tables.hpp"

namespace dj_deploy {

struct Dependency {
    ::Oid parent;
    ::Oid child;
};

// Foreign keys among the tables (parent is referenced by child) and partitions (child is a partition of parent).
// A table's reference to itself is left out, and so are the copies of a foreign key that PostgreSQL keeps
// for the partitions of a referenced table.
Array<Dependency> read_dependencies(std::span<const Table> tables);

} // namespace dj_deploy
