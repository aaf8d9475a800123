// The one include of standard and server headers, and the one place for version differences.
// Standard headers come first, because the server's define macros over names that they use.
// Every type of src/ has a trivial destructor, so that an ereport may jump over any of our frames.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

extern "C" {
#include "postgres.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/heapam.h"
#include "access/heapam_xlog.h"
#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "access/reloptions.h"
#include "access/table.h"
#include "access/twophase.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "access/xlogrecord.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/partition.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_control.h"
#include "catalog/pg_database.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_shdepend.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "commands/tablecmds.h"
#include "common/cryptohash.h"
#include "common/file_perm.h" // stat()
#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "common/relpath.h"
#include "common/sha2.h"
#include "dlfcn.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "fmgr.h"
#include "funcapi.h"
#include "jit/jit.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "libpq/pqmq.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "parser/parser.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "replication/slot.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "storage/bufmgr.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "storage/sinval.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/portal.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/varlena.h"
#include "utils/wait_event.h"
}

// The grantor that GRANT and REVOKE choose for a role.
static inline void find_best_grantor([[maybe_unused]] Oid role_id, AclMode privileges, const Acl *acl,
                                     Oid owner_id, Oid *grantor, AclMode *grant_options)
{
#if PG_VERSION_NUM >= 190000
    Assert(role_id == GetUserId());
    select_best_grantor(nullptr, privileges, acl, owner_id, grantor, grant_options);
#else
    select_best_grantor(role_id, privileges, acl, owner_id, grantor, grant_options);
#endif
}

// FOR ALL TABLES, or FOR ALL SEQUENCES.
static inline bool is_for_all(const CreatePublicationStmt *statement)
{
#if PG_VERSION_NUM >= 190000
    return statement->for_all_tables || statement->for_all_sequences;
#else
    return statement->for_all_tables;
#endif
}

// Runs a portal whose statement returns no rows, as a client's.
static inline void portal_run_to_end(Portal portal, QueryCompletion *completion)
{
#if PG_VERSION_NUM >= 180000
    PortalRun(portal, FETCH_ALL, true, None_Receiver, None_Receiver, completion);
#else
    PortalRun(portal, FETCH_ALL, true, true, None_Receiver, None_Receiver, completion);
#endif
}

// What was checked when the caller connected is not checked again, as far as the server can leave it out:
// before 17 a role that has become NOLOGIN since is refused.
#ifdef BGWORKER_BYPASS_ROLELOGINCHECK
constexpr int connect_as_parallel_workers_do = BGWORKER_BYPASS_ALLOWCONN | BGWORKER_BYPASS_ROLELOGINCHECK;
#else
constexpr int connect_as_parallel_workers_do = BGWORKER_BYPASS_ALLOWCONN;
#endif

// Whether the current user may run maintenance commands on a table by a privilege of its own; false when the
// table is gone. Before 17 there is no such privilege.
static inline bool has_maintain_privilege([[maybe_unused]] Oid table)
{
#if PG_VERSION_NUM >= 170000
    bool is_missing = false;
    return pg_class_aclcheck_ext(table, GetUserId(), ACL_MAINTAIN, &is_missing) == ACLCHECK_OK;
#else
    return false;
#endif
}

// Calls the walker for each node right below one that the parser has made.
static inline bool walk_raw_nodes(Node *node, bool (*walker)(Node *, void *), void *context)
{
#if PG_VERSION_NUM >= 160000
    return raw_expression_tree_walker(node, walker, context);
#else
    return raw_expression_tree_walker(node, reinterpret_cast<bool (*)()>(reinterpret_cast<void *>(walker)),
                                      context);
#endif
}

// When the statistics of a table alone were reset; 0 when they were not. Before 19 nothing tells.
static inline TimestampTz statistics_reset_time([[maybe_unused]] Oid table)
{
#if PG_VERSION_NUM >= 190000
    const PgStat_StatTabEntry *entry = pgstat_fetch_stat_tabentry(table);
    return entry == nullptr ? 0 : entry->stat_reset_time;
#else
    return 0;
#endif
}

static inline std::span<config_generic *const> all_settings()
{
#if PG_VERSION_NUM >= 160000
    int count = 0;
    config_generic **settings = get_guc_variables(&count);
    return {settings, static_cast<std::size_t>(count)};
#else
    return {get_guc_variables(), static_cast<std::size_t>(GetNumConfigOptions())};
#endif
}

// Spelled as the newest server; what follows teaches it to the older ones.
#if PG_VERSION_NUM < 160000
// 15 exports nothing by itself, and we compile with -fvisibility=hidden.
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
extern "C" PGDLLEXPORT void _PG_init(void);

static inline bool object_ownercheck(Oid class_id, Oid object_id, Oid role_id)
{
    switch (class_id) {
    case DatabaseRelationId:
        return pg_database_ownercheck(object_id, role_id);
    case PublicationRelationId:
        return pg_publication_ownercheck(object_id, role_id);
    default:
        return pg_class_ownercheck(object_id, role_id);
    }
}

static inline AclResult object_aclcheck(Oid class_id, Oid object_id, Oid role_id, AclMode mode)
{
    return class_id == DatabaseRelationId ? pg_database_aclcheck(object_id, role_id, mode)
                                          : pg_namespace_aclcheck(object_id, role_id, mode);
}
#endif
