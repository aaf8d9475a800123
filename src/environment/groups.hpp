// Tables of which the document says the same are planned together.
#pragma once

#include "plan/plan.hpp"

namespace dj_deploy {

// A table and what is said of it, as bytes that are equal for tables of which the same is said.
struct KeyedTable {
    std::string_view key;
    const Table *table;
};

inline std::string_view bytes_of(const Array<const void *> &values)
{
    return {reinterpret_cast<const char *>(values.items), values.count * sizeof(void *)};
}

// The tables of a group. Nearly always they stand one after another already.
inline std::span<const Table> side_by_side(std::span<const KeyedTable> tables,
                                           std::span<const std::size_t> group)
{
    const Table *first = tables[group.front()].table;
    const auto is_in_place = [&](const std::size_t &index) {
        return tables[index].table == first + (&index - group.data());
    };
    if (std::ranges::all_of(group, is_in_place))
        return {first, group.size()};
    Array<Table> members;
    members.reserve(group.size());
    for (const std::size_t index : group)
        members.push(*tables[index].table);
    return members.view();
}

// Calls plan_group(its tables) for each group, in the order of their first tables.
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
    for (const Group &group : groups)
        plan_group(side_by_side(tables, {order.begin() + group.begin, order.begin() + group.end}));
}

} // namespace dj_deploy
