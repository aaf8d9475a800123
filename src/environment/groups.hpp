// Tables of which the document says the same are planned together.
#pragma once

#include "plan/plan.hpp"

namespace dj_deploy {

// A table and what is said of it, as bytes that are equal for tables of which the same is said.
struct KeyedTable {
    std::string_view key;
    const Table *table;
};

// Calls plan_group(index of its first table, its tables) for each group, in the order of their first tables.
template <class PlanGroup>
void for_each_group(std::span<const KeyedTable> tables, PlanGroup &&plan_group)
{
    Array<std::size_t> order;
    for (std::size_t index = 0; index < tables.size(); index++)
        order.push(index);
    std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        const int keys = tables[left].key.compare(tables[right].key);
        return keys != 0 ? keys < 0 : left < right;
    });
    struct Group {
        std::size_t begin; // in the order
        std::size_t end;
    };
    Array<Group> groups;
    for (std::size_t place = 0; place < order.count; place++) {
        if (place == 0 || tables[order[place - 1]].key != tables[order[place]].key)
            groups.push({.begin = place, .end = place});
        groups[groups.count - 1].end = place + 1;
    }
    std::sort(groups.begin(), groups.end(),
              [&](const Group &left, const Group &right) { return order[left.begin] < order[right.begin]; });
    for (const Group &group : groups) {
        Array<Table> members;
        for (std::size_t place = group.begin; place < group.end; place++)
            members.push(*tables[order[place]].table);
        plan_group(order[group.begin], members.view());
    }
}

} // namespace dj_deploy
