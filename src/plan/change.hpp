// What is to be done to a table, in order. A change names its table by OID: the table's name is read again,
// and the statement written, only once the table is locked.
#pragma once

#include "catalog/tables.hpp"

namespace dj_deploy {

// "before" and "after" enclose the table's name: ALTER TABLE "lab"."session" REPLICA IDENTITY FULL
struct Change {
    Table table; // as it was when the plan was made
    const char *before;
    const char *after;
    ::LOCKMODE lock; // what the statement takes
};

// The statement for a table of that name: one statement, no semicolon.
const char *statement_text(const Change &change, const char *schema, const char *name);

} // namespace dj_deploy
