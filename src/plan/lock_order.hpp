// The order in which a run locks tables, which is one for all operations.
#pragma once

#include "catalog/dependencies.hpp"
#include "plan/graph.hpp"

namespace dj_deploy {

// For each of the tables, given by name, its place in that order, given its place in the order of the
// statements. A tree of partitions or inheriting tables is locked as the server does it: parents before
// children, level by level, those of one parent by OID; a tree comes where its top stands, and partitioned
// tables and partitions before all others.
Array<Index> places_of_locks(std::span<const Table> tables, const Array<Index> &places,
                             const Dependencies &dependencies);

} // namespace dj_deploy
