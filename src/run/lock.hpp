// Locks by OID.
#pragma once

#include "catalog/tables.hpp"

namespace dj_deploy {

// The setting dj_deploy.lock_timeout in milliseconds; 0 waits for ever. In force where lock_timeout is 0.
extern int lock_timeout;

// What lock_timeout is to be during a run.
const char *effective_lock_timeout();

// Takes the lock until the transaction ends. 55P03 with the table's name and its blockers when it is not to
// be had within lock_timeout, which is in force already. A table dropped during the wait is no error: its OID
// is locked.
void lock_table(const Table &table, ::LOCKMODE mode);

} // namespace dj_deploy
