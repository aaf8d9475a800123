// Kahn's algorithm with a heap. Tables are their index in the list by name, so the smallest index is the
// smallest name. A part hands its outside parents on to its leader (its master, or its master's master) and
// then waits for the leader alone: once the leader is placed, its parts can follow at once.
#include "plan/order.hpp"

#include "catalog/tier.hpp"
#include "plan/numbers.hpp"

namespace dj_deploy {

namespace {

// The index of "session" for "session__trial" when there is such a table in its schema, else the table's own.
Index find_master(std::span<const Table> tables, Index part)
{
    using Key = std::pair<std::string_view, std::string_view>;
    const std::string_view schema = tables[part].schema;

    Index index = part;
    find_master_name(tables[part].name, [&](std::string_view name) {
        const Key master(name, schema);
        const auto found =
            std::lower_bound(tables.begin(), tables.end(), master, [](const Table &table, const Key &key) {
                return Key(table.name, table.schema) < key;
            });
        const bool is_found = found != tables.end() && Key(found->name, found->schema) == master;
        if (is_found)
            index = static_cast<Index>(found - tables.begin());
        return is_found;
    });
    return index;
}

// For each table its master's leader; a table that is no part leads itself. A master's name is shorter than
// its part's and a prefix of it, so it comes earlier and its own leader is known.
Array<Index> find_leaders(std::span<const Table> tables)
{
    Array<Index> leaders;
    for (Index index = 0; index < tables.size(); index++) {
        const Index master = find_master(tables, index);
        leaders.push(master == index ? index : leaders[master]);
    }
    return leaders;
}

Array<Edge> lead_edges(std::span<const Edge> edges, const Array<Index> &leaders)
{
    Array<Edge> led;
    for (const Edge &edge : edges) {
        const bool is_within = leaders[edge.from] == leaders[edge.to];
        led.push({.from = edge.from, .to = is_within ? edge.to : leaders[edge.to]});
    }
    for (Index index = 0; index < leaders.count; index++)
        if (leaders[index] != index)
            led.push({.from = leaders[index], .to = index});
    return led;
}

// Foreign keys come first: where they contradict a master and its parts, these go each its own way.
void dissolve_cyclic_groups(std::span<const Edge> edges, Array<Index> &leaders)
{
    const Graph graph = Graph::of(lead_edges(edges, leaders).view(), leaders.count);
    const Components components = Components::of(graph);
    Array<bool> is_dissolved;
    is_dissolved.resize(leaders.count);
    for (Index index = 0; index < leaders.count; index++)
        if (components.is_cyclic(index))
            is_dissolved[leaders[index]] = true;
    for (Index index = 0; index < leaders.count; index++)
        if (is_dissolved[leaders[index]])
            leaders[index] = index;
}

struct Placement {
    Graph graph;
    Array<Index> leaders;
    Array<Index> waiting; // for so many tables
    Array<bool> is_placed;
    Array<Index> order;
    Heap ready;
    Heap beside; // ready, and of the group that was placed last

    void place(Index index)
    {
        if (std::exchange(is_placed[index], true))
            return;
        order.push(index);
        for (const Edge &edge : graph.edges_from(index))
            if (--waiting[edge.to] == 0)
                (leaders[edge.to] == leaders[index] ? beside : ready).push(edge.to);
    }

    void place_ready()
    {
        while (!beside.is_empty() || !ready.is_empty())
            place(beside.is_empty() ? ready.pop() : beside.pop());
    }

    // When all that is left waits for a cycle: the tables of the cycles that wait for no other, by name.
    void place_cycles()
    {
        const Components components = Components::of(graph);
        Array<bool> is_waiting; // by the node that stands for the component
        is_waiting.resize(graph.node_count());
        for (const Edge &edge : graph.edges)
            if (!is_placed[edge.from] && components.of_node[edge.from] != components.of_node[edge.to])
                is_waiting[components.of_node[edge.to]] = true;
        Array<Index> cycles;
        for (Index index = 0; index < graph.node_count(); index++)
            if (!is_placed[index] && !is_waiting[components.of_node[index]])
                cycles.push(index);
        for (const Index index : cycles)
            place(index);
    }
};

} // namespace

Array<Index> places_in_order(std::span<const Table> tables, const Dependencies &dependencies)
{
    const Array<NumberedTable> by_oid = number_by_oid(tables);
    Array<Edge> edges;
    add_edges(edges, by_oid, dependencies.foreign_keys.view());
    add_edges(edges, by_oid, dependencies.inheritance.view());
    Array<Index> leaders = find_leaders(tables);
    dissolve_cyclic_groups(edges.view(), leaders);

    const Array<Edge> led = lead_edges(edges.view(), leaders);
    Placement placement{.graph = Graph::of(led.view(), tables.size()),
                        .leaders = leaders,
                        .waiting = {},
                        .is_placed = {},
                        .order = {},
                        .ready = {},
                        .beside = {}};
    placement.waiting = placement.graph.incoming_counts();
    placement.is_placed.resize(tables.size());
    for (Index index = 0; index < tables.size(); index++)
        if (placement.waiting[index] == 0)
            placement.ready.push(index);

    placement.place_ready();
    while (placement.order.count < tables.size()) {
        placement.place_cycles();
        placement.place_ready();
    }

    return places_of(placement.order);
}

} // namespace dj_deploy
