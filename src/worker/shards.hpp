// RUN: the wait for shards, which the statement would otherwise wait for without a limit: in no transaction,
// it takes no setting to the other nodes.
#pragma once

#include "worker/channel.hpp"

namespace dj_deploy {

// Waits until nobody holds a lock on a shard of the task's table that the statement would wait for, no longer
// than lock_timeout: 55P03 with the table's name and the holders. To be called outside of a transaction.
void wait_for_shards(const Task &task);

} // namespace dj_deploy
