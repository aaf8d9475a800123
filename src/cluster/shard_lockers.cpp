// The engine's query reads pg_locks of all nodes.
#include "cluster/shard_lockers.hpp"

namespace dj_deploy {

namespace {

constexpr std::size_t most_lines = 10;

bool conflicts(const ShardLocker &locker, ::LOCKMODE mode)
{
    for (::LOCKMODE held = AccessShareLock; held <= AccessExclusiveLock; held++)
        if (::strcmp(::GetLockmodeName(DEFAULT_LOCKMETHOD, held), locker.mode) == 0)
            return ::DoLockModesConflict(held, mode);
    return false;
}

// Both are of one session, which may be at many shards.
bool is_same_session(const ShardLocker &left, const ShardLocker &right)
{
    return left.pid && left.pid == right.pid && ::strcmp(left.node, right.node) == 0;
}

// Blocked by process 4711 on node "worker-1:5432" (role "ana", application "psql", transaction open for
// 00:00:12), which holds a lock on shard "lab.session_102008".
const char *line_of(const ShardLocker &locker)
{
    ::StringInfoData line;
    ::initStringInfo(&line);
    if (locker.pid)
        ::appendStringInfo(&line, "Blocked by %s%sprocess %d on node \"%s\" (",
                           locker.process != nullptr ? locker.process : "",
                           locker.process != nullptr ? ", " : "", *locker.pid, locker.node);
    else
        ::appendStringInfo(&line, "Blocked by prepared transaction '%s' on node \"%s\" (",
                           locker.gid != nullptr ? locker.gid : "", locker.node);
    if (locker.role != nullptr)
        ::appendStringInfo(&line, "role \"%s\", ", locker.role);
    if (locker.pid)
        ::appendStringInfo(&line, "application \"%s\", ",
                           locker.application != nullptr ? locker.application : "");
    if (locker.age == nullptr)
        ::appendStringInfoString(&line, "age of its transaction unknown");
    else if (locker.pid)
        ::appendStringInfo(&line, "transaction open for %s", locker.age);
    else
        ::appendStringInfo(&line, "prepared %s ago", locker.age);
    ::appendStringInfo(&line, "), which holds a lock on shard \"%s\".", locker.shard);
    return line.data;
}

} // namespace

Array<ShardLocker> read_shard_lockers(const Sharded &sharded)
{
    Array<ShardLocker> lockers;
    ask_nodes(sharded, &Engine::lockers, [&](const Row &row) {
        lockers.push({.table = row.oid(3),
                      .node = row.string(1),
                      .shard = row.string(4),
                      .pid = row.optional_integer(5),
                      .role = row.string(6),
                      .application = row.string(7),
                      .process = row.string(8),
                      .state = row.string(9),
                      .gid = row.string(10),
                      .age = row.string(11),
                      .mode = row.string(12),
                      .is_granted = row.boolean(13)});
    });
    return lockers;
}

const char *describe_shard_holders(::Oid table, ::LOCKMODE mode)
{
    const Sharded sharded = Sharded::find({&table, 1});
    if (sharded.engine == nullptr || sharded.refusal != nullptr)
        return nullptr;
    return describe_shard_holders(read_shard_lockers(sharded).view(), table, mode);
}

const char *describe_shard_holders(std::span<const ShardLocker> lockers, ::Oid table, ::LOCKMODE mode)
{
    ::StringInfoData lines;
    ::initStringInfo(&lines);
    std::size_t count = 0;
    const ShardLocker *last = nullptr;
    for (const ShardLocker &locker : lockers) {
        if (locker.table != table || !locker.is_granted || !conflicts(locker, mode) ||
            (last != nullptr && is_same_session(*last, locker)))
            continue;
        last = &locker;
        if (count++ < most_lines)
            ::appendStringInfo(&lines, "%s%s", count > 1 ? "\n" : "", line_of(locker));
    }
    if (count > most_lines)
        ::appendStringInfo(&lines, "\nAnd %zu more.", count - most_lines);
    return count > 0 ? lines.data : nullptr;
}

} // namespace dj_deploy
