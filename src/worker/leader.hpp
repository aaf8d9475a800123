// WAIT: the leader's side of a run by workers.
#pragma once

#include "run/execute.hpp"

namespace dj_deploy {

// Has the changes executed by as many as jobs background workers, each statement in transactions of its own.
// Tables that are gone meanwhile are passed over. One that fails does not stop the others; failures are an
// error at the end. Raises 53000 when no worker can be had. The caller is in an SPI connection that may
// commit; its transaction ends here, and in the next one it waits without a snapshot, so that no statement
// waits for it.
Outcome execute_by_workers(const Plan &plan, int jobs);

} // namespace dj_deploy
