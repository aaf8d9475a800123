// The facts of the checks that are SQL, read once for all of them. Files that include this have such checks;
// script/check-sql prints one of them with the facts that it needs.
#pragma once

#include "checks/check.hpp"

namespace dj_deploy {

// clang-format off

// Common table expressions, which begin with WITH; what no check refers to is not executed. Parameters: $1
// OIDs of the schemas, $2 name of the consumer, $3 OIDs of the schemas' user tables, $4 OIDs of the judged
// publications.
//
// target          the schemas: oid, schema_name, name (quoted as it needs)
// role            the role that asks
// relation        the user tables
// distributed     tables whose rows Citus keeps in shards
// tables_of_kind  user tables that are unreadable or filtered (for the role), distributed, or full: a row
//                 for each kind that there is. tables: how many user tables there are, members: how many of
//                 the kind; schema_name, table_name: of the table, if it is one, or of the schema; schemas: all
//                 of theirs; names; first_names: up to three, and how many more
// publication     the judged publications; age: how many transactions ago the publication was made, at most
// server          version, is_standby, position (in the WAL), and settings
// patience        how old a transaction may be, and how far behind a slot that is read
// slot            replication slots that are the server's own, not a standby's copies
// slot_use        most, used, consumers: those at work in this database; enough: to have some free
// sender_use      most, used, consumers, enough
// standby_use     is_there: whether a standby reads from this server, or has a slot for it
extern const char *const server_facts_sql;

// clang-format on

} // namespace dj_deploy
