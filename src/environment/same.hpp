// Equal things are said once, in the place of the first.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// Compares like strcmp().
template <class Item, class Compare>
void keep_first_of_same(Array<Item> &items, Compare compare)
{
    Array<std::size_t> order;
    for (std::size_t index = 0; index < items.count; index++)
        order.push(index);
    std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        const int items_in_order = compare(items[left], items[right]);
        return items_in_order != 0 ? items_in_order < 0 : left < right;
    });
    const auto is_same = [&](std::size_t left, std::size_t right) {
        return compare(items[left], items[right]) == 0;
    };
    order.count = std::unique(order.begin(), order.end(), is_same) - order.begin();
    std::sort(order.begin(), order.end());
    Array<Item> kept;
    for (const std::size_t index : order)
        kept.push(items[index]);
    items = kept;
}

} // namespace dj_deploy
