// What is to be done, one statement after another. A change names its table by OID: the table's name is read
// again, and the statement written, only once the table is locked.
#pragma once

#include "catalog/tables.hpp"

namespace dj_deploy {

// "before" and "after" enclose the table's name: ALTER TABLE "lab"."session" REPLICA IDENTITY FULL
struct Change {
    const Table *table; // as it was when the plan was made; null when the statement is about no table
    const char *before;
    const char *after;
    ::LOCKMODE lock;                     // what the statement takes on the table
    bool needs_owner = true;             // of the table
    bool locks_toast = false;            // takes the same lock on the TOAST table
    int phase = 0;                       // begins when all changes of the one before are done
    bool waits_for_transactions = false; // that are older, while others use the table as they like
};

// The statement for a table of that name, or for none: one statement, no semicolon.
const char *statement_text(const Change &change, const char *schema, const char *name);

// The same with the name that the table had when the plan was made.
const char *planned_statement(const Change &change);

} // namespace dj_deploy
