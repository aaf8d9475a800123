// blockers: who holds a lock on a table of the schema that a change would wait for, and which of our
// operations it keeps waiting.
#include "rowset.hpp"

namespace dj_deploy {

namespace {

// What each operation waits for on a table: for whatever conflicts with the lock of its statements. REINDEX
// CONCURRENTLY takes a weaker lock, but goes on only when nobody uses the old index any more.
struct OperationLock {
    const char *operation;
    ::LOCKMODE mode;
};

constexpr std::array operation_locks = std::to_array<OperationLock>({
    {"set_replica_identity", AccessExclusiveLock},
    {"set_publication_membership", ShareUpdateExclusiveLock},
    {"set_autovacuum", ShareUpdateExclusiveLock},
    {"set_grants", AccessShareLock},
    {"vacuum_analyze", ShareUpdateExclusiveLock},
    {"reindex", AccessExclusiveLock},
});

// Which operations a held lock keeps waiting, for each lock mode in which it keeps any: two lists of the same
// length.
struct Conflicts {
    Array<const char *> modes;
    Array<const char *> operations;

    static Conflicts all()
    {
        Conflicts conflicts{};
        for (::LOCKMODE held = AccessShareLock; held <= AccessExclusiveLock; held++)
            for (const OperationLock &lock : operation_locks)
                if (::DoLockModesConflict(held, lock.mode)) {
                    conflicts.modes.push(::GetLockmodeName(DEFAULT_LOCKMETHOD, held));
                    conflicts.operations.push(lock.operation);
                }
        return conflicts;
    }
};

// Locks on partitions that live elsewhere count, too. A prepared transaction has no process: its name stands
// for the application.
constexpr const char *sql = R"(
    WITH RECURSIVE member AS (
        SELECT c.oid, c.relname, n.nspname
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
        UNION
        SELECT c.oid, c.relname, n.nspname
        FROM member m
        JOIN pg_catalog.pg_inherits i ON i.inhparent = m.oid
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    ), conflict AS (
        SELECT c.mode, pg_catalog.array_agg(c.operation ORDER BY c.number) AS operations
        FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) WITH ORDINALITY
             AS c(mode, operation, number)
        GROUP BY c.mode
    ), prepared AS (
        SELECT h.virtualtransaction, p.gid, p.owner, p.prepared
        FROM pg_catalog.pg_locks h
        JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = h.transactionid
        WHERE h.pid IS NULL AND h.locktype = 'transactionid' AND h.granted
    )
    SELECT pg_catalog.quote_ident(m.nspname) || '.' || pg_catalog.quote_ident(m.relname), l.pid,
           pg_catalog.quote_ident(COALESCE(a.usename, p.owner)),
           COALESCE(NULLIF(a.application_name, ''), NULLIF(a.backend_type, 'client backend'),
                    'prepared transaction ' || pg_catalog.quote_literal(p.gid)),
           CASE WHEN l.pid IS NULL THEN 'prepared' ELSE a.state END,
           pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - COALESCE(a.xact_start, p.prepared)),
           l.mode, l.granted, c.operations
    FROM pg_catalog.pg_locks l
    JOIN member m ON m.oid = l.relation
    JOIN conflict c ON c.mode = l.mode
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    LEFT JOIN prepared p ON l.pid IS NULL AND p.virtualtransaction = l.virtualtransaction
    WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    ORDER BY NOT l.granted, COALESCE(a.xact_start, p.prepared), m.nspname COLLATE "C", m.relname COLLATE "C",
             l.pid, l.mode COLLATE "C")";

struct Blockers {
    static constexpr const char *name = "blockers";

    NamedTarget target;

    static Blockers request(const Arguments &arguments) { return {.target = request_target(arguments)}; }

    void fill(const Rows &rows) const
    {
        const Conflicts conflicts = Conflicts::all();
        rows.add_query(sql, resolve_target(target).schema, conflicts.modes.view(),
                       conflicts.operations.view());
    }
};

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_REPORT(blockers, dj_deploy::Blockers);
