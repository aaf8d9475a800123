// The facts that checks are made of, read once for all of them.
#pragma once

#include "checks/check.hpp"

namespace dj_deploy {

// Common table expressions, the first starting with WITH, the others with a comma. What no check refers to is
// not executed. Parameters: $1 OID of the schema, $2 name of the publication or empty, $3 name of the
// consumer, $4 OIDs of the tables, $5 of those of them that are members of an extension, $6 how many pages
// the TOAST table of each of $4 has.

// clang-format off

// relation     the tables and foreign tables among them
extern const char *const relation_facts_sql;

// target       the schema: oid, name (quoted as it needs), literal, tables (how many user tables)
// role         the role that asks
// publication  the publications that are judged
// chosen       the one of them that a table would join
// uninvited    names of tables of the schema that are hidden or an extension's
// hazard       a table, and a publication of updates or deletes that publishes it
//              kind: why they fail, or null
// clash        the same, the partitions of a table as one
// failing      tables without a usable identity whose writes fail, and in which publications
// misfit       published tables, and those of published partitions
//              full_fails, default_fails: whether writes fail under that identity
// stubborn     tables with generated columns that the chosen publication leaves out: FULL does not go with it
// unready      tables whose writes fail once they are published
//              preparation: the statement to run before; is_stuck: there is none
extern const char *const publication_facts_sql;

// slot         replication slots that are the server's own
// slot_use     most, used, consumers: those at work in this database
// sender_use   most, used, consumers
extern const char *const server_facts_sql;

// clang-format on

} // namespace dj_deploy

// Whether publication p publishes relation r.
#define PUBLISHES                                                                                            \
    "(p.puballtables AND p.oid <> ALL (r.excepted) OR p.is_schema AND r.is_home OR p.oid = ANY (r.listed))"

// The statement that gives relation r a replica identity.
#define SET_IDENTITY(mode)                                                                                   \
    "pg_catalog.format('SELECT dj_deploy.set_replica_identity(%L::regclass, ''" mode                         \
    "'', dry_run => false)', r.name)"

// Whether writes to relation r fail with this identity, as it is published.
#define FULL_FAILS "(r.oid IN (SELECT m.oid FROM misfit m WHERE m.full_fails))"
#define DEFAULT_FAILS "(r.oid IN (SELECT m.oid FROM misfit m WHERE m.default_fails))"
#define WHY_NOT_DEFAULT                                                                                      \
    "CASE WHEN " DEFAULT_FAILS " THEN '. With DEFAULT writes would fail, because a publication filters "     \
    "its rows or lists columns of it.' ELSE '' END"

// The call that publishes all tables of the schema, with an identity for those that have none.
#define PUBLISH_ALL(publication)                                                                             \
    "(SELECT CASE WHEN pg_catalog.count(*) = 0 THEN pg_catalog.format("                                      \
    "'SELECT dj_deploy.set_publication_membership(%s, %s, dry_run => false)', t.literal, " publication ") "  \
    "WHEN NOT pg_catalog.bool_or(u.is_stuck) THEN pg_catalog.format('DO %L', pg_catalog.format("             \
    "'BEGIN %sPERFORM dj_deploy.set_publication_membership(%s, %s, dry_run => false); END', "                \
    "pg_catalog.string_agg(u.preparation, '' ORDER BY u.preparation COLLATE \"C\"), t.literal, " publication \
    ")) END FROM unready u WHERE u.joins)"

// From how many bytes out of line a row of it may be too large for one change.
#define RISKY_BYTES "268435456"

// The same for all tables of the schema, where FULL makes no write fail.
#define SET_SCHEMA_IDENTITY_FULL                                                                             \
    "SELECT pg_catalog.format('SELECT dj_deploy.set_replica_identity(%s, ''full'', dry_run => false)',"      \
    " t.literal) FROM target t"                                                                              \
    " WHERE NOT EXISTS (SELECT FROM relation r WHERE r.is_user AND " FULL_FAILS ")"
