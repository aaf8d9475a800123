// Reads pg_locks. A role without pg_read_all_stats does not see the age of other roles' transactions.
#include "catalog/blockers.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

constexpr const char *sql = R"(
    SELECT pg_catalog.string_agg(b.line, E'\n' ORDER BY b.number) FILTER (WHERE b.number <= 10)
           || CASE WHEN pg_catalog.count(*) > 10
                   THEN pg_catalog.format(E'\nAnd %s more.', pg_catalog.count(*) - 10) ELSE '' END
    FROM (
        SELECT pg_catalog.row_number() OVER (ORDER BY NOT l.granted, a.xact_start, l.pid, l.virtualtransaction)
               AS number,
               CASE
               WHEN l.pid IS NULL THEN pg_catalog.format(
                   'Blocked by prepared transaction %L of role "%s", prepared %s ago.',
                   x.gid, x.owner, pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - x.prepared))
               ELSE pg_catalog.format(
                   '%s process %s (role "%s", application "%s", %s).',
                   CASE WHEN l.granted THEN 'Blocked by' ELSE 'Queued behind' END, l.pid,
                   COALESCE(a.usename, a.backend_type), a.application_name,
                   COALESCE('transaction open for ' || pg_catalog.date_trunc(
                                'second', pg_catalog.clock_timestamp() - a.xact_start)::text,
                            'age of its transaction unknown'))
               END AS line, l.granted, pg_catalog.bool_or(l.granted) OVER () AS has_holder
        FROM (SELECT pid, virtualtransaction, pg_catalog.bool_or(granted) AS granted
              FROM pg_catalog.pg_locks
              WHERE CASE WHEN $1 = 'pg_catalog.pg_class'::pg_catalog.regclass
                    THEN locktype = 'relation' AND relation = $2
                    ELSE locktype = 'object' AND classid = $1 AND objid = $2 AND objsubid = $3 END
                AND mode = ANY ($4)
                AND database = (SELECT oid FROM pg_catalog.pg_database
                                WHERE datname = pg_catalog.current_database())
                AND pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
              GROUP BY pid, virtualtransaction) l
        LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        LEFT JOIN (SELECT h.virtualtransaction, p.gid, p.owner, p.prepared
                   FROM pg_catalog.pg_locks h
                   JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = h.transactionid
                   WHERE h.pid IS NULL AND h.locktype = 'transactionid' AND h.granted) x
               ON l.pid IS NULL AND x.virtualtransaction = l.virtualtransaction
    ) b
    WHERE b.granted OR NOT b.has_holder
    ORDER BY 1)";

constexpr const char *locked_tables_sql = R"(
    SELECT DISTINCT l.relation
    FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    ORDER BY l.relation)";

Array<const char *> conflicting_modes(::LOCKMODE mode)
{
    Array<const char *> names;
    for (::LOCKMODE held = AccessShareLock; held <= AccessExclusiveLock; held++)
        if (::DoLockModesConflict(held, mode))
            names.push(::GetLockmodeName(DEFAULT_LOCKMETHOD, held));
    return names;
}

} // namespace

const char *describe_blockers(::Oid catalog, ::Oid object, int sub_object, ::LOCKMODE mode)
{
    const char *lines = nullptr;
    query(
        sql, [&](const Row &row) { lines = row.string(1); }, catalog, object, sub_object,
        conflicting_modes(mode).view());
    return lines;
}

Array<::Oid> read_locked_tables()
{
    Array<::Oid> tables;
    query(locked_tables_sql, [&](const Row &row) { tables.push(row.oid(1)); });
    return tables;
}

} // namespace dj_deploy
