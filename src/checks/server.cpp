// What the server must offer: logical WAL, free replication slots and senders, no transactions that hold it
// up.
#include "checks/server_facts.hpp"

namespace dj_deploy {

namespace {

// In 19 the server decodes at wal_level replica too, as soon as there is a logical slot.
constexpr const char *wal_level = R"(
    SELECT 'wal_level',
           pg_catalog.format('wal_level is %s: no change can be decoded. Takes a restart.', v.wal_level),
           'ALTER SYSTEM SET wal_level = ''logical'''
    FROM server v
    WHERE v.wal_level <> 'logical' AND NOT (v.wal_level = 'replica' AND v.effective_wal_level IS NOT NULL))";

// Where a consumer of this database is at work, it has its slot.
constexpr const char *slots_used_up = R"(
    SELECT 'max_replication_slots',
           pg_catalog.format('all %s replication slots are in use: a consumer gets none. '
                             'Takes a restart.', u.most),
           'ALTER SYSTEM SET max_replication_slots = ' || u.enough
    FROM slot_use u
    WHERE u.used >= u.most AND u.consumers = 0)";

constexpr const char *slots_low = R"(
    SELECT 'max_replication_slots',
           pg_catalog.format('%s of %s replication slots are in use: another consumer may get none. '
                             'Takes a restart.',
                             u.used, u.most),
           'ALTER SYSTEM SET max_replication_slots = ' || u.enough
    FROM slot_use u
    WHERE u.used >= u.most - 1 AND NOT (u.used >= u.most AND u.consumers = 0))";

// ClickPipes looks at the setting and asks for two.
constexpr const char *senders_used_up = R"(
    SELECT 'max_wal_senders',
           pg_catalog.format('%s of %s WAL senders are in use: %s. Takes a restart.', u.used, u.most,
                             CASE WHEN u.used < u.most THEN 'ClickPipes wants two'
                             ELSE 'a consumer cannot connect' END),
           'ALTER SYSTEM SET max_wal_senders = ' || u.enough
    FROM sender_use u
    WHERE u.used >= u.most AND u.consumers = 0 OR u.most < 2 AND $2 = 'clickpipes')";

constexpr const char *senders_low = R"(
    SELECT 'max_wal_senders',
           pg_catalog.format('%s of %s WAL senders are in use: another consumer may find none. '
                             'Takes a restart.',
                             u.used, u.most),
           'ALTER SYSTEM SET max_wal_senders = ' || u.enough
    FROM sender_use u
    WHERE u.used >= u.most - 1 AND NOT (u.used >= u.most AND u.consumers = 0)
      AND NOT (u.most < 2 AND $2 = 'clickpipes'))";

constexpr const char *sender_timeout = R"(
    SELECT 'wal_sender_timeout',
           pg_catalog.format('wal_sender_timeout is %s: ClickPipes asks for 5 minutes or none. '
                             'Takes a reload.',
                             pg_catalog.current_setting('wal_sender_timeout')),
           'ALTER SYSTEM SET wal_sender_timeout = ''5min'''
    FROM pg_catalog.pg_settings s
    WHERE s.name = 'wal_sender_timeout' AND s.setting::int BETWEEN 1 AND 299999)";

// What of other roles' sessions is hidden (the time) is not guessed; how many transactions have begun since
// is not hidden.
constexpr const char *long_transaction = R"(
    SELECT COALESCE(pg_catalog.quote_ident(a.usename), a.backend_type, 'process ' || a.pid),
           pg_catalog.format('transaction open %s, %s others have begun since: no slot can be made before it '
                             'ends, and slots keep the WAL from there on',
                             COALESCE('for ' || pg_catalog.date_trunc('second', a.age),
                                      'since a time not visible'),
                             COALESCE(a.transactions::text, 'an unknown number of')),
           'SELECT pg_terminate_backend(' || a.pid || ')'
    FROM patience p
    JOIN (SELECT a.*, pg_catalog.clock_timestamp() - a.xact_start AS age,
                 pg_catalog.age(a.backend_xid) AS transactions
          FROM pg_catalog.pg_stat_activity a
          WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()) a
         ON a.age >= p.time OR a.transactions >= p.transactions)";

// It can be ended in its own database only.
constexpr const char *prepared_transaction = R"(
    SELECT pg_catalog.quote_literal(x.gid),
           pg_catalog.format('prepared transaction of role %s, %s old%s: no slot can be made before it ends, '
                             'and slots keep the WAL from there on; COMMIT PREPARED would end it too',
                             pg_catalog.quote_ident(x.owner), pg_catalog.date_trunc('second', x.age),
                             CASE WHEN NOT x.is_here
                             THEN ', in database ' || pg_catalog.quote_ident(x.database)
                                  || ', from where it is to be ended'
                             ELSE '' END),
           CASE WHEN x.is_here THEN 'ROLLBACK PREPARED ' || pg_catalog.quote_literal(x.gid) END
    FROM patience p
    JOIN (SELECT x.*, pg_catalog.clock_timestamp() - x.prepared AS age,
                 x.database = pg_catalog.current_database() AS is_here
          FROM pg_catalog.pg_prepared_xacts x) x
         ON x.age >= p.time OR pg_catalog.age(x.transaction) >= p.transactions)";

constexpr const char *activity_unseen = R"(
    SELECT 'pg_stat_activity',
           pg_catalog.format('how long transactions of other roles last (now %s) is not visible to role %s',
                             pg_catalog.count(*), r.name),
           'GRANT pg_read_all_stats TO ' || r.name
    FROM pg_catalog.pg_stat_activity a
    CROSS JOIN role r
    WHERE a.backend_xid IS NOT NULL AND a.xact_start IS NULL AND a.pid <> pg_catalog.pg_backend_pid()
    GROUP BY r.name)";

constexpr std::array checks = std::to_array<Check>({
    {.name = "wal_level", .severities = "eeeee", .sql = wal_level},
    {.name = "replication_slots_used_up", .severities = "eeeee", .sql = slots_used_up},
    {.name = "replication_slots_low", .severities = "wwwww", .sql = slots_low},
    {.name = "wal_senders_used_up", .severities = "eeeee", .sql = senders_used_up},
    {.name = "wal_senders_low", .severities = "wwwww", .sql = senders_low},
    {.name = "wal_sender_timeout", .severities = "---w-", .sql = sender_timeout},
    {.name = "long_transaction", .severities = "wwwww", .sql = long_transaction},
    {.name = "prepared_transaction", .severities = "wwwww", .sql = prepared_transaction},
    {.name = "activity_unseen", .severities = "iiiii", .sql = activity_unseen},
});

} // namespace

const std::span<const Check> server_checks = checks;

} // namespace dj_deploy
