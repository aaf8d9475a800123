// Who keeps a lock away from us.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// The process ids of autovacuums, from the server's own flags, by which it also decides whom it may cancel:
// pg_stat_activity shows them only to pg_read_all_stats.
struct Autovacuums {
    Array<std::int32_t> all;
    Array<std::int32_t> against_wraparound;

    static Autovacuums read();
};

// Begins a query: "locker" has a row for each lock that another session or a prepared transaction of this
// database holds or waits for, with who that is. role and application are null where there is none; process
// is null for a client's, else its kind; gid is that of a prepared transaction; since is the begin of the
// transaction, or when it was prepared. $1 and $2 are the autovacuums.
extern const char *const lockers_sql;

struct Blockers {
    const char *lines; // null when there is none
    bool has_wraparound_vacuum;
};

// A line for each session or prepared transaction that holds a lock on the object (a table where the catalog
// is pg_class) in conflict with the mode (ten at the most, and how many more): kind of process, its id, role,
// application, age of the transaction; and what follows from a vacuum that does not give way. When nobody
// holds one, for each that waits for one and is served first.
Blockers find_blockers(::Oid catalog, ::Oid object, int sub_object, ::LOCKMODE mode);

// The lines alone.
const char *describe_blockers(::Oid catalog, ::Oid object, int sub_object, ::LOCKMODE mode);

// The tables of this database on which other sessions or prepared transactions hold locks.
Array<::Oid> read_locked_tables();

} // namespace dj_deploy
