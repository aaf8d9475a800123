// Tables as numbers, their indexes in a list sorted by name.
#pragma once

#include "catalog/dependencies.hpp"
#include "plan/graph.hpp"

namespace dj_deploy {

struct NumberedTable {
    ::Oid oid;
    Index index;
};

// Sorted by OID.
Array<NumberedTable> number_by_oid(std::span<const Table> tables);

// Null for a table that is not among them.
const NumberedTable *find_number(const Array<NumberedTable> &by_oid, ::Oid table);

// Adds dependencies among the tables. One on a table that is not among them says nothing about their order,
// and neither does a table's reference to itself.
void add_edges(Array<Edge> &edges, const Array<NumberedTable> &by_oid,
               std::span<const Dependency> dependencies);

// The place of each table, given the tables in order; the same function turns places into an order.
Array<Index> places_of(const Array<Index> &order);

} // namespace dj_deploy
