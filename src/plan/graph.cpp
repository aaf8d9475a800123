// Sorted edges, strongly connected components and a heap.
#include "plan/graph.hpp"

namespace dj_deploy {

namespace {

bool is_before(const Edge &left, const Edge &right)
{
    return left.from != right.from ? left.from < right.from : left.to < right.to;
}

bool is_greater(Index left, Index right)
{
    return left > right;
}

// Tarjan's algorithm, with its recursion on a stack of our own.
struct Search {
    static constexpr Index none = std::numeric_limits<Index>::max();

    struct Visit {
        Index node;
        std::size_t next_edge;
    };

    const Graph &graph;
    Components components;
    Array<Index> number; // in the order of arrival
    Array<Index> low;    // the smallest number known to be reachable within the component
    Array<Index> open;   // arrived at, and in no component yet
    Array<Visit> visits;
    Index arrived = 0;

    void arrive(Index node)
    {
        number[node] = low[node] = arrived++;
        open.push(node);
        visits.push({.node = node, .next_edge = 0});
    }

    // Follows one edge, or leaves the node when it has no more.
    void step()
    {
        Visit &visit = visits[visits.count - 1];
        const std::span<const Edge> edges = graph.edges_from(visit.node);
        if (visit.next_edge == edges.size())
            return leave(visit.node);
        const Index from = visit.node;
        const Index to = edges[visit.next_edge++].to;
        if (number[to] == none)
            arrive(to);
        else if (components.of_node[to] == none)
            low[from] = std::min(low[from], number[to]);
    }

    void leave(Index node)
    {
        visits.count--;
        if (low[node] == number[node])
            close(node);
        if (!visits.is_empty()) {
            const Index parent = visits[visits.count - 1].node;
            low[parent] = std::min(low[parent], low[node]);
        }
    }

    void close(Index node)
    {
        Index member = none;
        do {
            member = open[--open.count];
            components.of_node[member] = node;
            components.size[node]++;
        } while (member != node);
    }
};

} // namespace

Graph Graph::of(std::span<const Edge> edges, std::size_t nodes)
{
    Graph graph{.edges = {}, .first = {}};
    for (const Edge &edge : edges)
        graph.edges.push(edge);
    sort_unique(graph.edges, is_before);

    graph.first.resize(nodes + 1);
    for (const Edge &edge : graph.edges)
        graph.first[edge.from + 1]++;
    for (std::size_t node = 0; node < nodes; node++)
        graph.first[node + 1] += graph.first[node];
    return graph;
}

Array<Index> Graph::incoming_counts() const
{
    Array<Index> counts;
    counts.resize(node_count());
    for (const Edge &edge : edges)
        counts[edge.to]++;
    return counts;
}

Components Components::of(const Graph &graph)
{
    const std::size_t nodes = graph.node_count();
    Search search{.graph = graph, .components = {}, .number = {}, .low = {}, .open = {}, .visits = {}};
    search.components.of_node.resize(nodes, Search::none);
    search.components.size.resize(nodes);
    search.number.resize(nodes, Search::none);
    search.low.resize(nodes);
    for (Index node = 0; node < nodes; node++) {
        if (search.number[node] == Search::none)
            search.arrive(node);
        while (!search.visits.is_empty())
            search.step();
    }
    return search.components;
}

void Heap::push(Index item)
{
    items.push(item);
    std::push_heap(items.begin(), items.end(), is_greater);
}

Index Heap::pop()
{
    std::pop_heap(items.begin(), items.end(), is_greater);
    return items[--items.count];
}

} // namespace dj_deploy
