// A growing array in the memory context it was made in. Nothing frees it but that context,
// which is what lets an error jump over it. A copy shares its items: what grows one of the two moves them
// away from under the other. To go on from an array without changing it, append() it to a new one.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

template <class T>
struct Array {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

    T *items = nullptr;
    std::size_t count = 0;
    std::size_t capacity = 0;
    ::MemoryContext context = ::CurrentMemoryContext;

    // By value: the item may be one of this array's own, which growing moves.
    void push(T item)
    {
        if (count == capacity)
            grow(capacity == 0 ? 16 : capacity * 2);
        items[count++] = item;
    }

    void reserve(std::size_t size)
    {
        if (size > capacity)
            grow(size);
    }

    void resize(std::size_t size, T filler = T{})
    {
        reserve(size);
        std::fill(items + std::min(count, size), items + size, filler);
        count = size;
    }

    T *begin() const { return items; }
    T *end() const { return items + count; }
    T &operator[](std::size_t index) const { return items[index]; }
    bool is_empty() const { return count == 0; }
    std::span<const T> view() const { return {items, count}; }

private:
    void grow(std::size_t new_capacity)
    {
        const ::Size bytes = new_capacity * sizeof(T);
        items = static_cast<T *>(items == nullptr ? ::MemoryContextAllocHuge(context, bytes)
                                                  : ::repalloc_huge(items, bytes));
        capacity = new_capacity;
    }
};

// Sorts the items, and keeps one of those of which none is before the other.
template <class T, class IsBefore>
void sort_unique(Array<T> &items, IsBefore is_before)
{
    const auto is_same = [&](const T &left, const T &right) { return !is_before(left, right); };
    std::sort(items.begin(), items.end(), is_before);
    items.count = std::unique(items.begin(), items.end(), is_same) - items.begin();
}

template <class T>
void sort_unique(Array<T> &items)
{
    sort_unique(items, [](const T &left, const T &right) { return left < right; });
}

// The first item of a list sorted by an OID of its items that has this OID; null when there is none.
template <class T>
const T *find_sorted(std::span<const T> items, ::Oid T::*key, ::Oid oid)
{
    const auto found = std::lower_bound(items.begin(), items.end(), oid,
                                        [&](const T &item, ::Oid value) { return item.*key < value; });
    return found != items.end() && (*found).*key == oid ? &*found : nullptr;
}

} // namespace dj_deploy
