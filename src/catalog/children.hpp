// Parents and children among tables.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

struct Dependency {
    ::Oid parent;
    ::Oid child;
};

// The direct partitions and inheriting tables of the parents, whose OIDs are sorted.
Array<Dependency> read_children(std::span<const ::Oid> parents);

// The tables that the children, whose OIDs are sorted, are partitions of or inherit from.
Array<Dependency> read_parents(std::span<const ::Oid> children);

} // namespace dj_deploy
