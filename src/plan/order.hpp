// The order in which tables are changed, which is the order in which applications lock them.
#pragma once

#include "catalog/dependencies.hpp"
#include "plan/graph.hpp"

namespace dj_deploy {

// For each of the tables, given by name, its place in the smallest order (byte order of names) in which
// parents precede children and a part table ("master__part") comes directly after its master or its master's
// earlier parts. Tables in a foreign-key cycle come after all that do not depend on them, by name; a part
// whose place beside its master would contradict a foreign key is placed by its foreign keys alone.
Array<Index> places_in_order(std::span<const Table> tables, const Dependencies &dependencies);

} // namespace dj_deploy
