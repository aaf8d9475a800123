// Locks tables by OID, and waits for no lock longer than lock_timeout.
#pragma once

#include "catalog/blockers.hpp"
#include "plan/plan.hpp"

namespace dj_deploy {

// The setting dj_deploy.lock_timeout in milliseconds; 0 waits for ever. In force where lock_timeout is 0.
extern int lock_timeout;

// What lock_timeout is to be during a run, in milliseconds.
const char *effective_lock_timeout();

// Takes the lock until the transaction ends. 55P03 with the table's name and its blockers when it is not to
// be had within lock_timeout, which is in force already. A table dropped during the wait is no error: its OID
// is locked.
void lock_table(const Table &table, ::LOCKMODE mode);

// The same for a table under the name that it has now; nothing for one that is gone.
void lock_table(::Oid table, ::LOCKMODE mode);

// Whether an error is that of a lock_timeout, or of a deadlock.
bool is_lock_timeout(const ::ErrorData &error);
bool is_deadlock(const ::ErrorData &error);

// 55P03 for a lock that was not to be had within so many ms; the blockers have no lines when there is none
// any more.
::ErrorData lock_timeout_error(const char *kind, const char *name, int milliseconds,
                               const Blockers &blockers);

// Raises it for a lock that was not to be had within lock_timeout.
[[noreturn]] void raise_lock_timeout(const char *kind, const char *name, const Blockers &blockers);

} // namespace dj_deploy
