// A run that locked the tables of a tree in another order than the server could deadlock with a statement
// about the whole tree.
#include "plan/lock_order.hpp"

#include "plan/numbers.hpp"

namespace dj_deploy {

namespace {

// Partitions and inheriting tables below their parents.
struct Trees {
    std::span<const Table> tables;
    Array<Edge> links;
    Array<Index> waiting; // for how many parents each table waits
    Array<Index> order;
    Array<bool> is_placed;

    // Sorts the children of each parent as the server does.
    void prepare()
    {
        std::sort(links.begin(), links.end(), [&](const Edge &left, const Edge &right) {
            return left.from != right.from ? left.from < right.from
                                           : tables[left.to].oid < tables[right.to].oid;
        });
        waiting.resize(tables.size());
        is_placed.resize(tables.size());
        for (const Edge &link : links)
            waiting[link.to]++;
    }

    // A table and what is below it, level by level; a table with several parents comes after the last.
    void place_from(Index top)
    {
        if (is_placed[top])
            return;
        const auto starts_before = [](const Edge &link, Index from) { return link.from < from; };
        std::size_t next = order.count;
        place(top);
        for (; next < order.count; next++) {
            const Index parent = order[next];
            const Edge *link = std::lower_bound(links.begin(), links.end(), parent, starts_before);
            for (; link != links.end() && link->from == parent; link++)
                if (--waiting[link->to] == 0)
                    place(link->to);
        }
    }

private:
    void place(Index index)
    {
        if (!std::exchange(is_placed[index], true))
            order.push(index);
    }
};

// Of each child the link to one parent alone: it may inherit from several, but has one place.
void keep_first_parents(Array<Dependency> &links)
{
    std::sort(links.begin(), links.end(), [](const Dependency &left, const Dependency &right) {
        return left.child != right.child ? left.child < right.child : left.parent < right.parent;
    });
    const auto has_same_child = [](const Dependency &left, const Dependency &right) {
        return left.child == right.child;
    };
    links.count = std::unique(links.begin(), links.end(), has_same_child) - links.begin();
}

// Children of one parent that is not among the tables keep the places that they have together, in the order
// of their OIDs.
void sort_siblings(Array<Index> &in_order, const Array<Index> &places, const Array<NumberedTable> &by_oid,
                   std::span<const Dependency> inheritance)
{
    Array<Dependency> links;
    for (const Dependency &link : inheritance)
        if (find_number(by_oid, link.parent) == nullptr)
            links.push(link);
    keep_first_parents(links);
    std::sort(links.begin(), links.end(), [](const Dependency &left, const Dependency &right) {
        return left.parent != right.parent ? left.parent < right.parent : left.child < right.child;
    });
    for (std::size_t first = 0, end = 0; first < links.count; first = end) {
        Array<Index> siblings;
        Array<Index> taken;
        for (; end < links.count && links[end].parent == links[first].parent; end++) {
            siblings.push(find_number(by_oid, links[end].child)->index);
            taken.push(places[siblings[siblings.count - 1]]);
        }
        std::sort(taken.begin(), taken.end());
        for (std::size_t index = 0; index < taken.count; index++)
            in_order[taken[index]] = siblings[index];
    }
}

// Before tables by themselves: ATTACH PARTITION locks the partitioned table and then what becomes a
// partition.
bool is_in_tree(const Table &table)
{
    return table.is_partitioned() || table.is_partition;
}

} // namespace

Array<Index> places_of_locks(std::span<const Table> tables, const Array<Index> &places,
                             const Dependencies &dependencies)
{
    if (dependencies.inheritance.is_empty() && std::none_of(tables.begin(), tables.end(), is_in_tree))
        return places;
    Trees trees{.tables = tables, .links = {}, .waiting = {}, .order = {}, .is_placed = {}};
    const Array<NumberedTable> by_oid = number_by_oid(tables);
    add_edges(trees.links, by_oid, dependencies.inheritance.view());
    trees.prepare();
    Array<Index> in_order = places_of(places);
    sort_siblings(in_order, places, by_oid, dependencies.inheritance.view());
    for (const bool comes_first : {true, false})
        for (const Index index : in_order)
            if (trees.waiting[index] == 0 && is_in_tree(tables[index]) == comes_first)
                trees.place_from(index);
    // Only a broken catalog leaves any: tables that inherit in a circle.
    for (const Index index : in_order)
        trees.place_from(index);
    return places_of(trees.order);
}

} // namespace dj_deploy
