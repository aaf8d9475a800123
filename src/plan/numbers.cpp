// Look-ups by OID, so that a list of dependencies costs little more than its length.
#include "plan/numbers.hpp"

namespace dj_deploy {

Array<NumberedTable> number_by_oid(std::span<const Table> tables)
{
    Array<NumberedTable> by_oid;
    for (Index index = 0; index < tables.size(); index++)
        by_oid.push({.oid = tables[index].oid, .index = index});
    std::sort(by_oid.begin(), by_oid.end(),
              [](const NumberedTable &left, const NumberedTable &right) { return left.oid < right.oid; });
    return by_oid;
}

const NumberedTable *find_number(const Array<NumberedTable> &by_oid, ::Oid table)
{
    return find_sorted(by_oid.view(), &NumberedTable::oid, table);
}

void add_edges(Array<Edge> &edges, const Array<NumberedTable> &by_oid,
               std::span<const Dependency> dependencies)
{
    for (const Dependency &dependency : dependencies) {
        const NumberedTable *parent = find_number(by_oid, dependency.parent);
        const NumberedTable *child = find_number(by_oid, dependency.child);
        if (parent != nullptr && child != nullptr && parent != child)
            edges.push({.from = parent->index, .to = child->index});
    }
}

Array<Index> places_of(const Array<Index> &order)
{
    Array<Index> places;
    places.resize(order.count);
    for (Index place = 0; place < order.count; place++)
        places[order[place]] = place;
    return places;
}

} // namespace dj_deploy
