// Reads pg_locks. A role without pg_read_all_stats does not see the age of other roles' transactions.
#include "catalog/blockers.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

const char *const lockers_sql = R"(
    WITH prepared AS (
        SELECT h.virtualtransaction, p.gid, p.owner, p.prepared
        FROM pg_catalog.pg_locks h
        JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = h.transactionid
        WHERE h.pid IS NULL AND h.locktype = 'transactionid' AND h.granted
    ), locker AS (
        SELECT l.locktype, l.relation, l.classid, l.objid, l.objsubid, l.mode, l.granted, l.pid,
               l.virtualtransaction, p.gid, COALESCE(a.usename, p.owner) AS role,
               NULLIF(a.application_name, '') AS application, a.state,
               COALESCE(a.xact_start, p.prepared) AS since,
               CASE
               WHEN l.pid = ANY ($2) THEN 'autovacuum (to prevent wraparound)'
               WHEN l.pid = ANY ($1) THEN 'autovacuum'
               WHEN a.backend_type IS NULL AND a.pid IS NOT NULL AND a.usename IS NULL THEN 'background process'
               ELSE NULLIF(a.backend_type, 'client backend')
               END AS process, l.pid = ANY ($2) AS is_against_wraparound
        FROM pg_catalog.pg_locks l
        LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
        LEFT JOIN prepared p ON l.pid IS NULL AND p.virtualtransaction = l.virtualtransaction
        WHERE l.database = (SELECT oid FROM pg_catalog.pg_database
                            WHERE datname = pg_catalog.current_database())
          AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
    ))";

namespace {

// Holders come before those who wait, and these count only when nobody holds one.
constexpr const char *lines_sql = R"(
    , blocker AS (
        SELECT pid, virtualtransaction, gid, role, application, since, process, is_against_wraparound,
               pg_catalog.bool_or(granted) AS granted
        FROM locker
        WHERE CASE WHEN $3 = 'pg_catalog.pg_class'::pg_catalog.regclass
              THEN locktype = 'relation' AND relation = $4
              ELSE locktype = 'object' AND classid = $3 AND objid = $4 AND objsubid = $5 END
          AND mode = ANY ($6)
        GROUP BY pid, virtualtransaction, gid, role, application, since, process, is_against_wraparound
    ), line AS (
        SELECT CASE
               WHEN pid IS NULL THEN pg_catalog.format(
                   'Blocked by prepared transaction %L of role "%s", prepared %s ago.', gid, role,
                   pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - since))
               ELSE pg_catalog.format(
                   '%s %sprocess %s (%s).', CASE WHEN granted THEN 'Blocked by' ELSE 'Queued behind' END,
                   process || ', ', pid, pg_catalog.concat_ws(
                       ', ', 'role "' || role || '"',
                       'application "' || CASE WHEN process IS NULL AND role IS NOT NULL
                                          THEN COALESCE(application, '') ELSE application END || '"',
                       COALESCE('transaction open for ' || pg_catalog.date_trunc(
                                    'second', pg_catalog.clock_timestamp() - since)::text,
                                'age of its transaction unknown')))
               END AS text, granted, is_against_wraparound,
               pg_catalog.row_number() OVER (ORDER BY NOT granted, since, pid, virtualtransaction) AS number,
               pg_catalog.bool_or(granted) OVER () AS has_holder
        FROM blocker
    )
    SELECT pg_catalog.string_agg(text, E'\n' ORDER BY number) FILTER (WHERE number <= 10)
           || CASE WHEN pg_catalog.count(*) > 10
              THEN pg_catalog.format(E'\nAnd %s more.', pg_catalog.count(*) - 10) ELSE '' END
           || CASE WHEN pg_catalog.bool_or(is_against_wraparound)
              THEN E'\nAn autovacuum to prevent wraparound does not give way to those who wait for its lock, '
                   'as an ordinary one does; pg_stat_progress_vacuum shows how far it is.' ELSE '' END,
           COALESCE(pg_catalog.bool_or(is_against_wraparound), false)
    FROM line
    WHERE granted OR NOT has_holder
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

Autovacuums Autovacuums::read()
{
    Autovacuums found{};
    for (std::uint32_t index = 0; index < ProcGlobal->allProcCount; index++) {
        const ::PGPROC &process = ProcGlobal->allProcs[index];
        if (process.pid == 0)
            continue;
        if ((process.statusFlags & PROC_IS_AUTOVACUUM) != 0)
            found.all.push(process.pid);
        if ((process.statusFlags & PROC_VACUUM_FOR_WRAPAROUND) != 0)
            found.against_wraparound.push(process.pid);
    }
    return found;
}

Blockers find_blockers(::Oid catalog, ::Oid object, int sub_object, ::LOCKMODE mode)
{
    const Autovacuums autovacuums = Autovacuums::read();
    Blockers blockers{};
    query(
        ::psprintf("%s%s", lockers_sql, lines_sql),
        [&](const Row &row) { blockers = {.lines = row.string(1), .has_wraparound_vacuum = row.boolean(2)}; },
        autovacuums.all.view(), autovacuums.against_wraparound.view(), catalog, object, sub_object,
        conflicting_modes(mode).view());
    return blockers;
}

const char *describe_blockers(::Oid catalog, ::Oid object, int sub_object, ::LOCKMODE mode)
{
    return find_blockers(catalog, object, sub_object, mode).lines;
}

Array<::Oid> read_locked_tables()
{
    Array<::Oid> tables;
    query(locked_tables_sql, [&](const Row &row) { tables.push(row.oid(1)); });
    return tables;
}

} // namespace dj_deploy
