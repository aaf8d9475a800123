// Who keeps a lock away from us.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// A line for each session or prepared transaction that holds a lock on the object (a table where the catalog
// is pg_class) in conflict with the mode (ten at the most, and how many more): process id, role, application,
// age of the transaction. When nobody holds one, for each that waits for one and is served first. Null when
// there is none.
const char *describe_blockers(::Oid catalog, ::Oid object, int sub_object, ::LOCKMODE mode);

// The tables of this database on which other sessions or prepared transactions hold locks.
Array<::Oid> read_locked_tables();

} // namespace dj_deploy
