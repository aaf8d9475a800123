// Replication slots: those that are lost, those that cannot be read or made, and those that keep WAL for a
// consumer that does not come or does not confirm.
#include "checks/server_facts.hpp"

namespace dj_deploy {

namespace {

// Slots of other databases belong to other consumers, but all of them fill the same disk.
constexpr const char *slot_lost = R"(
    SELECT s.name, pg_catalog.format('slot (%s) has lost WAL that its consumer had not read%s: the consumer '
                                     'must start over with a new slot', s.kind, ' (' || s.reason || ')'),
           s.drop_it
    FROM slot s
    WHERE s.wal_status = 'lost' AND (s.database IS NULL OR s.is_here))";

constexpr const char *slot_unreserved = R"(
    SELECT s.name, pg_catalog.format('slot (%s) is %s behind, beyond max_slot_wal_keep_size (%s): the next '
                                     'checkpoint may make it lost. Takes a reload.',
                                     s.kind, pg_catalog.pg_size_pretty(s.behind), v.keep_size),
           pg_catalog.format('ALTER SYSTEM SET max_slot_wal_keep_size = ''%sMB''',
                             2 * GREATEST(k.setting::int8, pg_catalog.ceil(s.behind / 1048576)))
    FROM slot s
    CROSS JOIN server v
    JOIN pg_catalog.pg_settings k ON k.name = 'max_slot_wal_keep_size'
    WHERE s.wal_status = 'unreserved')";

// pgoutput looks the publication up as the catalog was when the change was written. A slot may read changes
// from before the publication as long as its catalog_xmin is not newer than the transaction that made it. A
// new slot takes over the oldest catalog_xmin of all: so the last checkpoint is asked, too. Where the
// transaction had ended by then, a slot that is beyond it has nothing to read from before.
constexpr const char *slot_before_publication = R"(
    SELECT s.name,
           pg_catalog.format('slot (%s) may still have to read changes from before publication %s was made. '
                             'A consumer that reads %s then %s. Where the slot was read while the '
                             'publication existed, this row goes once the consumer has confirmed that. Else '
                             'stop the consumer, drop the slot (%s), and let the consumer start over with a '
                             'new slot and a first copy.', s.kind,
                             pg_catalog.string_agg(p.name, ', ' ORDER BY p.name COLLATE "C"),
                             CASE WHEN pg_catalog.count(*) = 1 THEN 'it' ELSE 'one of them' END,
                             CASE WHEN v.version < 180000 THEN 'fails for ever: "publication does not exist"'
                             ELSE 'misses these changes' END, s.drop_it),
           NULL
    FROM slot s
    CROSS JOIN server v
    JOIN publication p ON p.age <= pg_catalog.age(s.catalog_xmin)
    CROSS JOIN (SELECT c.checkpoint_lsn AS position,
                       pg_catalog.age(CASE WHEN c.oldest_active_xid = '0'
                                      THEN pg_catalog.split_part(c.next_xid, ':', 2)::pg_catalog.xid
                                      ELSE c.oldest_active_xid END) AS age
                FROM pg_catalog.pg_control_checkpoint() c) c
    WHERE s.plugin = 'pgoutput' AND s.is_here AND s.wal_status <> 'lost' AND s.confirmed_flush_lsn IS NOT NULL
      AND NOT (s.confirmed_flush_lsn >= c.position AND p.age > c.age)
    GROUP BY s.name, s.kind, s.drop_it, v.version)";

// A slot is made from a moment on at which no transaction is open that was open before; it waits for one
// after the other.
constexpr const char *slot_waits = R"(
    SELECT s.name,
           pg_catalog.format('slot (%s) is being made by process %s, which waits for a transaction to end: '
                             '%s. No consumer can read the slot before.', s.kind, s.active_pid,
                             pg_catalog.string_agg(w.what, '; ' ORDER BY w.what COLLATE "C")),
           NULL
    FROM slot s
    JOIN pg_catalog.pg_locks l ON l.pid = s.active_pid AND l.locktype = 'transactionid' AND NOT l.granted
    CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(s.active_pid)) AS b(pid)
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
    LEFT JOIN pg_catalog.pg_prepared_xacts x ON b.pid = 0 AND x.transaction = l.transactionid
    CROSS JOIN LATERAL (
        SELECT CASE WHEN b.pid = 0
               THEN pg_catalog.format('prepared transaction %s of role %s, which COMMIT PREPARED or ROLLBACK '
                                      'PREPARED ends',
                                      pg_catalog.quote_literal(x.gid), pg_catalog.quote_ident(x.owner))
               ELSE pg_catalog.format('that of process %s, %s%s%s, which SELECT pg_terminate_backend(%s) '
                                      'would end',
                                      b.pid,
                                      COALESCE('role ' || pg_catalog.quote_ident(a.usename), a.backend_type),
                                      ', ' || NULLIF(a.application_name, ''),
                                      ', open since ' || pg_catalog.date_trunc('second', a.xact_start), b.pid)
               END AS what
    ) w
    WHERE s.active AND s.confirmed_flush_lsn IS NULL AND s.is_here
    GROUP BY s.name, s.kind, s.active_pid)";

// "extended" says that it keeps more than max_wal_size, which the server keeps anyway. Whether the consumer
// comes back is not known here, so dropping is not a remedy. Physical slots are those of standbys.
constexpr const char *slot_inactive = R"(
    SELECT s.name, pg_catalog.format('nobody reads slot (%s)%s; it keeps %s of WAL on disk, beyond '
                                     'max_wal_size (%s). Start its consumer; if it never comes back, drop '
                                     'the slot: %s.',
                                     s.kind, ' since ' || s.since, pg_catalog.pg_size_pretty(s.behind),
                                     pg_catalog.current_setting('max_wal_size'), s.drop_it),
           NULL
    FROM slot s
    WHERE NOT s.active AND s.database IS NOT NULL AND s.wal_status IN ('extended', 'unreserved'))";

// A consumer that confirms nothing, or whose transactions stay open. The server moves restart_lsn every 15
// seconds at most, so a busy server may show a row that has gone with the next call.
constexpr const char *slot_active_behind = R"(
    SELECT s.name,
           pg_catalog.format('slot (%s) is read, but its consumer has not confirmed the last %s, and it '
                             'keeps %s of WAL. If that is more a minute later, look at the consumer: it must '
                             'confirm what it has read even where none of its tables changes (Debezium: '
                             'heartbeat.interval.ms, and heartbeat.action.query in an idle database beside a '
                             'busy one). If only the WAL grows, look for a transaction that '
                             'stays open.', s.kind,
                             pg_catalog.pg_size_pretty(s.unread), pg_catalog.pg_size_pretty(s.behind)),
           NULL
    FROM slot s
    JOIN patience p ON s.unread >= p.bytes OR s.behind >= p.bytes
    WHERE s.active AND s.database IS NOT NULL AND s.confirmed_flush_lsn IS NOT NULL
      AND s.wal_status IN ('reserved', 'extended'))";

constexpr const char *keep_size = R"(
    SELECT 'max_slot_wal_keep_size',
           'a slot whose consumer stays away keeps WAL until the disk is full. Allow for days of it. '
           'Takes a reload.',
           'ALTER SYSTEM SET max_slot_wal_keep_size = ''100GB'''
    FROM server v
    WHERE v.keep_size = '-1')";

// 18 and later.
constexpr const char *idle_timeout = R"(
    SELECT 'idle_replication_slot_timeout',
           pg_catalog.format('a slot is lost when its consumer pauses for longer than %s. Takes a reload.',
                             v.idle_timeout),
           'ALTER SYSTEM SET idle_replication_slot_timeout = 0'
    FROM server v
    WHERE v.idle_timeout <> '0')";

constexpr std::array checks = std::to_array<Check>({
    {.name = "slot_lost", .severities = "eeeee", .sql = slot_lost},
    {.name = "slot_unreserved", .severities = "wwwww", .sql = slot_unreserved},
    {.name = "slot_before_publication", .severities = "w-www", .sql = slot_before_publication},
    {.name = "slot_waits", .severities = "wwwww", .sql = slot_waits},
    {.name = "slot_inactive", .severities = "wwwww", .sql = slot_inactive},
    {.name = "slot_active_behind", .severities = "wwwww", .sql = slot_active_behind},
    {.name = "slot_wal_unlimited", .severities = "iiiii", .sql = keep_size},
    {.name = "slot_idle_timeout", .severities = "iiiii", .sql = idle_timeout},
});

} // namespace

const std::span<const Check> slot_checks = checks;

} // namespace dj_deploy
