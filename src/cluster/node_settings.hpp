// What a run sets for the sake of an engine that spreads tables over nodes.
#pragma once

#include "pg/settings.hpp"

namespace dj_deploy {

// Sets what lets a run keep its promises under the engine that is loaded, and lock_timeout on the nodes as it
// is here. To be called in a bracket of settings. Returns what lock_timeout is to be on the nodes afterwards,
// given what it was here; null where no engine is loaded.
const char *begin_on_nodes(int former_lock_timeout);

// Puts lock_timeout back on the nodes.
void end_on_nodes(const char *lock_timeout);

// Runs step() with this lock_timeout (in ms), on the nodes of an engine, too. Where an error leaves it, the
// abort of the transaction or subtransaction puts everything back.
template <class Step>
void with_lock_timeout(const char *milliseconds, Step &&step)
{
    const int former = ::LockTimeout;
    with_settings({{"lock_timeout", milliseconds}}, [&] {
        const char *afterwards = begin_on_nodes(former);
        step();
        end_on_nodes(afterwards);
    });
}

} // namespace dj_deploy
