// Random tables and foreign keys put in order under the address and undefined-behaviour sanitizers: palloc
// hides reads of freed memory from valgrind, so here malloc takes its place. Prints how many orders were
// right.
#include "plan/order.hpp"

#include <stdio.h>
#include <stdlib.h>

// The server's headers mean their own.
#undef printf
#undef snprintf

extern "C" {
MemoryContext CurrentMemoryContext = nullptr;

void *MemoryContextAllocHuge(MemoryContext, Size size)
{
    return ::malloc(size);
}

void *repalloc_huge(void *pointer, Size size)
{
    return ::realloc(pointer, size);
}

void *palloc0(Size size)
{
    return ::calloc(1, size);
}
}

namespace dj_deploy {

namespace {

// Masters, parts and parts of parts: t00 t00__1 t00__1__2 t01 …
Array<Table> random_tables(int count)
{
    Array<Table> tables;
    for (int index = 0; index < count; index++) {
        char *name = static_cast<char *>(::malloc(32));
        const char *formats[] = {"t%02d", "t%02d__1", "t%02d__1__2"};
        ::snprintf(name, 32, formats[index % 3], index / 3);
        tables.push({.oid = static_cast<Oid>(1 + index), .schema = "s", .name = name});
    }
    std::sort(tables.begin(), tables.end(), [](const Table &left, const Table &right) {
        return std::string_view(left.name) < std::string_view(right.name);
    });
    return tables;
}

// Foreign keys from larger to smaller OIDs make no cycle; a few in any direction may.
Array<Dependency> random_dependencies(int tables, bool may_cycle)
{
    Array<Dependency> dependencies;
    for (int number = ::random() % (tables + 1); number > 0; number--) {
        const Oid left = 1 + ::random() % tables;
        const Oid right = 1 + ::random() % tables;
        dependencies.push(may_cycle ? Dependency{left, right}
                                    : Dependency{std::min(left, right), std::max(left, right)});
    }
    return dependencies;
}

// Whether there is a way along the dependencies from one table to another, by OID.
using Reach = std::array<std::array<bool, 121>, 121>;

void find_reach(Reach &reach, const Array<Dependency> &dependencies, int tables)
{
    reach = {};
    for (const Dependency &dependency : dependencies)
        reach[dependency.parent][dependency.child] = true;
    for (int middle = 1; middle <= tables; middle++)
        for (int from = 1; from <= tables; from++)
            for (int to = 1; to <= tables; to++)
                if (reach[from][middle] && reach[middle][to])
                    reach[from][to] = true;
}

// Every table has a place of its own, and a later one than its parents unless it shares a cycle with them.
bool is_right(std::span<const Table> tables, const Array<Index> &places,
              const Array<Dependency> &dependencies)
{
    static Reach reach;
    const int count = static_cast<int>(tables.size());
    find_reach(reach, dependencies, count);
    Array<int> place_of; // by OID
    Array<bool> is_taken;
    place_of.resize(count + 1, -1);
    is_taken.resize(count);
    for (int index = 0; index < count; index++) {
        if (places[index] >= tables.size() || std::exchange(is_taken[places[index]], true))
            return false;
        place_of[tables[index].oid] = static_cast<int>(places[index]);
    }
    for (const Dependency &dependency : dependencies)
        if (!reach[dependency.child][dependency.parent] &&
            place_of[dependency.parent] > place_of[dependency.child])
            return false;
    return static_cast<int>(places.count) == count;
}

} // namespace

} // namespace dj_deploy

int main()
{
    using namespace dj_deploy;
    int right = 0;
    for (int round = 0; round < 1000; round++) {
        ::srandom(round);
        const int count = 1 + ::random() % 120;
        const bool may_cycle = round % 2 == 1;
        const Array<Table> tables = random_tables(count);
        const Array<Dependency> dependencies = random_dependencies(count, may_cycle);
        const Array<Index> places = places_in_order(tables.view(), {.foreign_keys = dependencies});
        right += is_right(tables.view(), places, dependencies);
    }
    ::printf("%d of 1000 orders are right\n", right);
    return right == 1000 ? 0 : 1;
}
