// reindex: REINDEX TABLE CONCURRENTLY "lab"."session" for every table of the target that has indexes; the
// partitions of a partitioned one, each once.
#include "maintenance.hpp"

namespace dj_deploy {

namespace {

struct Reindex {
    static constexpr const char *command = "REINDEX";
    static constexpr Scope scope = {.has_hidden = true};

    bool is_concurrent;

    static Reindex request(const Arguments &arguments)
    {
        return {.is_concurrent = arguments.boolean("concurrently")};
    }

    void plan(Target target, std::span<const Table> tables, Plan &plan) const;
};

void Reindex::plan(Target, std::span<const Table> tables, Plan &plan) const
{
    for (const Table &table : tables) {
        const bool has_indexes = table.has_indexes || OidIsValid(table.toast);
        if (table.is_partitioned() || !has_indexes)
            continue;
        if (const char *reason = reason_to_skip(table, false)) {
            plan.skip(table, reason);
            continue;
        }
        plan.changes.push({.table = &table,
                           .before = is_concurrent ? "REINDEX TABLE CONCURRENTLY " : "REINDEX TABLE ",
                           .after = "",
                           .lock = is_concurrent ? ShareUpdateExclusiveLock : ShareLock,
                           .waits_for_transactions = is_concurrent});
    }
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_MAINTENANCE(reindex, dj_deploy::Reindex);
