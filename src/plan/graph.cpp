// Sorted edges, and what is left of a graph when all that no cycle leads to, or comes from, is taken away.
#include "plan/graph.hpp"

namespace dj_deploy {

namespace {

bool is_before(const Edge &left, const Edge &right)
{
    return left.from != right.from ? left.from < right.from : left.to < right.to;
}

bool is_same(const Edge &left, const Edge &right)
{
    return left.from == right.from && left.to == right.to;
}

bool is_greater(Index left, Index right)
{
    return left > right;
}

// Clears the nodes that no cycle leads to.
void clear_acyclic(const Graph &graph, Array<bool> &is_cyclic)
{
    Array<Index> waiting = graph.incoming_counts();
    Array<Index> free;
    for (Index node = 0; node < graph.node_count(); node++)
        if (waiting[node] == 0)
            free.push(node);
    while (!free.is_empty()) {
        const Index node = free[--free.count];
        is_cyclic[node] = false;
        for (const Edge &edge : graph.edges_from(node))
            if (--waiting[edge.to] == 0)
                free.push(edge.to);
    }
}

} // namespace

Graph Graph::of(std::span<const Edge> edges, std::size_t nodes)
{
    Graph graph{.edges = {}, .first = {}};
    for (const Edge &edge : edges)
        graph.edges.push(edge);
    std::sort(graph.edges.begin(), graph.edges.end(), is_before);
    const Edge *end = std::unique(graph.edges.begin(), graph.edges.end(), is_same);
    graph.edges.count = static_cast<std::size_t>(end - graph.edges.begin());

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

Array<bool> find_cycles(std::span<const Edge> edges, std::size_t nodes)
{
    Array<Edge> reversed;
    for (const Edge &edge : edges)
        reversed.push({.from = edge.to, .to = edge.from});

    Array<bool> is_cyclic;
    is_cyclic.resize(nodes, true);
    clear_acyclic(Graph::of(edges, nodes), is_cyclic);
    clear_acyclic(Graph::of(reversed.view(), nodes), is_cyclic);
    return is_cyclic;
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
