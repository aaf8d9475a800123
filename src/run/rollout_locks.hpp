// What a statement of a rollout locks and is about.
#pragma once

#include "pg/oid_set.hpp"
#include "run/rollout_statement.hpp"

namespace dj_deploy {

// Whether the statement, about this table, depends on what is to be done to one of the tables: a publication
// takes in the partitions of its tables and what inherits from them, and a partition may be published through
// a table above it, which is to join or leave a publication.
bool concerns(const Statement &statement, ::Oid table, const OidSet &tables, const OidSet &members);

// Takes the locks that the statement needs, on its table, the TOAST table, the index that becomes the
// identity and its publication, until the transaction ends. False when somebody holds one in conflict, or
// waits for one, or has changed the table's row of pg_class, or the name means another table now. Raises
// 42501 rather than lock a table for somebody who may not change it.
bool lock_if_free(const Statement &statement, ::Oid table);

// Who keeps one of these locks away from us, as describe_blockers() says it; null when nobody does.
const char *describe_blockers_of(const Statement &statement);

// Shows what the statement, one of the list that is not done yet, waits for.
void show_waiting_for(const StatementList &list, std::size_t index);

} // namespace dj_deploy
