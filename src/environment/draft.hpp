// What the keys of the document make of it, on the way to a plan.
#pragma once

#include "environment/groups.hpp"
#include "environment/resolved.hpp"
#include "publishing/scenario.hpp"

namespace dj_deploy {

// Changes point to tables of their own; the plan gives them common ones.
struct Draft {
    const Environment &environment;
    const ResolvedEnvironment &resolved;
    Array<const Table *> tables; // of all schemas, each once, by name
    Plan plan;
    Array<Change> leading;  // of a table, before all others: what a publication no longer holds may then lose
                            // its identity
    Intent intent;          // what becomes of publications and of replica identities
    Array<Remark> breaking; // the writes that begin to fail although the document does not allow it
    Array<Remark> notices;  // about the document itself
    Array<const char *> uncovered; // schemas that the document ought to cover and does not

    // A plan to be filled by a planner and added.
    Plan new_plan() const;

    // Takes over a plan; what it needs the caller's rights for counts only when it changes something.
    void add(const Plan &added) { add(added, !added.changes.is_empty()); }
    void add(const Plan &added, bool has_changes);

    // Calls plan_tables(value, tables) for the tables of which the document says the same with a key.
    template <DocumentKey K, class PlanTables>
    void for_each_value(PlanTables &&plan_tables) const
    {
        Array<const void *> values;
        Array<const void *> last; // neighbours share it
        Array<KeyedTable> keyed;
        for (const Table *table : tables) {
            CHECK_FOR_INTERRUPTS();
            values.count = 0;
            resolved.add_values(key_of<K>, *table, values);
            if (values.is_empty())
                continue;
            const std::size_t weaker = key_of<K>.has_members ? 0 : values.count - 1;
            const std::span<const void *const> key{values.items + weaker, values.count - weaker};
            if (!std::ranges::equal(key, last.view())) {
                last = Array<const void *>{};
                for (const void *value : key)
                    last.push(value);
            }
            keyed.push({.key = bytes_of(last), .table = table});
        }
        for_each_group(keyed.view(), [&](std::span<const Table> members) {
            plan_tables(*resolved.value_for<K>(members.front()), members);
        });
    }
};

} // namespace dj_deploy
