// Locks by OID, of tables and of what runs have to take turns on.
#pragma once

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

// Takes, until the transaction ends, the locks that let one run follow another where they concern the same
// publication or schema: the turn of the publications that the plan names, and their own lock as ALTER
// PUBLICATION takes it, then the turns of the schemas. Only runs wait for a turn. Which locks these are
// depends on what the call is about, not on what is left to do, so that a plan made again needs no others.
// 55P03 as above.
void lock_turns(const Plan &plan);

} // namespace dj_deploy
