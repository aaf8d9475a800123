// A node that is down, or that refuses the caller, is left out of the answers.
#include "cluster/nodes.hpp"

namespace dj_deploy {

Sharded Sharded::find(std::span<const ::Oid> tables)
{
    Sharded sharded{};
    const Engine *engine = tables.empty() ? nullptr : engine_here();
    if (engine == nullptr)
        return sharded;
    query(
        engine->sharded,
        [&](const Row &row) {
            sharded.engine = engine;
            sharded.tables.push(row.oid(1));
            sharded.is_in_use = row.boolean(2);
            sharded.refusal = row.string(3);
        },
        tables);
    return sharded;
}

void note_unasked(const char *reason)
{
    ereport(NOTICE, errmsg("shards are not taken into account: %s", reason));
}

bool is_silent(const Row &row)
{
    const char *fault = row.string(2);
    if (fault == nullptr)
        return false;
    ereport(NOTICE, errmsg("node \"%s\" is not taken into account: %s", row.string(1), fault));
    return true;
}

} // namespace dj_deploy
