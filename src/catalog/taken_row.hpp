// Rows of the catalog for which a statement would have to wait.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// Whether another transaction, not yet over, has changed or locked the table's row of pg_class, as a GRANT
// does without a lock on the table. False for a table that is gone. Sees what the session's caches know of,
// which is all that was committed when it took its last lock.
bool is_row_taken(::Oid table);

} // namespace dj_deploy
