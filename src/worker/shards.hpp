// RUN: the wait for shards, which the statement would otherwise wait for: in no transaction, it takes no
// setting to the other nodes. A shard that is locked later is the leader's business (watch.cpp).
#pragma once

#include "worker/channel.hpp"

namespace dj_deploy {

// The lock on a shard for a statement that locks the table so. A plain REINDEX also locks the indexes,
// against everybody who has used one.
::LOCKMODE mode_on_shards(::LOCKMODE lock);

// Waits until nobody holds a lock on a shard of the task's table that the statement would wait for, no longer
// than lock_timeout: 55P03 with the table's name and the holders. To be called outside of a transaction.
void wait_for_shards(const Task &task);

} // namespace dj_deploy
