// A directed graph over tables, each named by its index in a list sorted by name.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

using Index = std::uint32_t;

struct Edge {
    Index from;
    Index to;
};

// The edges sorted by where they start, each once.
struct Graph {
    Array<Edge> edges;
    Array<Index> first; // of each node's edges; one more entry than nodes

    static Graph of(std::span<const Edge> edges, std::size_t nodes);

    std::size_t node_count() const { return first.count - 1; }
    std::span<const Edge> edges_from(Index node) const
    {
        return {edges.items + first[node], edges.items + first[node + 1]};
    }

    // For each node how many edges end there.
    Array<Index> incoming_counts() const;
};

// The strongly connected components: for each node a node that stands for all those it shares cycles with,
// and how many these are.
struct Components {
    Array<Index> of_node;
    Array<Index> size; // by the node that stands for the component

    static Components of(const Graph &graph);

    bool is_cyclic(Index node) const { return size[of_node[node]] > 1; }
};

// The indexes not yet taken out, smallest first.
struct Heap {
    Array<Index> items;

    bool is_empty() const { return items.is_empty(); }
    void push(Index item);
    Index pop();
};

} // namespace dj_deploy
