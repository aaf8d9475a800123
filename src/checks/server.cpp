// What the server must offer: logical WAL, free replication slots and senders, no transactions that hold it
// up.
#include "checks/facts.hpp"

namespace dj_deploy {

namespace {

#define SETTING(name) "pg_catalog.current_setting('" name "')"
#define TWICE(name) "'ALTER SYSTEM SET " name " = ' || GREATEST(2 * " SETTING(name) "::int, 10)"

// Transactions that are as old as that, or have seen as many others begin, count as long.
#define LONG_TIME "interval '10 minutes'"
#define MANY_TRANSACTIONS "100000"

// In 19 the server decodes at wal_level replica too, as soon as there is a logical slot.
constexpr const char *wal_level = R"(
    SELECT 'wal_level', pg_catalog.format('wal_level is %s: no change can be decoded. Takes a restart.',
                                          )" SETTING("wal_level") R"(),
           'ALTER SYSTEM SET wal_level = ''logical'''
    WHERE )" SETTING("wal_level") R"( <> 'logical'
      AND NOT ()" SETTING("wal_level") R"( = 'replica'
               AND pg_catalog.current_setting('effective_wal_level', true) IS NOT NULL))";

// Where a consumer of this database is at work, it has its slot.
constexpr const char *slots_used_up = R"(
    SELECT 'max_replication_slots',
           pg_catalog.format('all %s replication slots are in use: a consumer gets none. Takes a restart.', s.most),
           )" TWICE("max_replication_slots") R"(
    FROM slot_use s
    WHERE s.used >= s.most AND s.consumers = 0)";

constexpr const char *slots_low = R"(
    SELECT 'max_replication_slots',
           pg_catalog.format('%s of %s replication slots are in use: another consumer may get none. Takes a restart.',
                             s.used, s.most),
           )" TWICE("max_replication_slots") R"(
    FROM slot_use s
    WHERE s.used >= s.most - 1 AND NOT (s.used >= s.most AND s.consumers = 0))";

// ClickPipes looks at the setting and asks for two.
constexpr const char *senders_used_up = R"(
    SELECT 'max_wal_senders',
           pg_catalog.format('%s of %s WAL senders are in use: %s. Takes a restart.', s.used, s.most,
                             CASE WHEN s.used < s.most THEN 'ClickPipes wants two'
                             ELSE 'a consumer cannot connect' END),
           )" TWICE("max_wal_senders") R"(
    FROM sender_use s
    WHERE s.used >= s.most AND s.consumers = 0 OR s.most < 2 AND $3 = 'clickpipes')";

constexpr const char *senders_low = R"(
    SELECT 'max_wal_senders',
           pg_catalog.format('%s of %s WAL senders are in use: another consumer may find none. Takes a restart.',
                             s.used, s.most),
           )" TWICE("max_wal_senders") R"(
    FROM sender_use s
    WHERE s.used >= s.most - 1 AND NOT (s.used >= s.most AND s.consumers = 0)
      AND NOT (s.most < 2 AND $3 = 'clickpipes'))";

constexpr const char *sender_timeout = R"(
    SELECT 'wal_sender_timeout',
           pg_catalog.format('wal_sender_timeout is %s: ClickPipes asks for 5 minutes or none. Takes a reload.',
                             )" SETTING("wal_sender_timeout") R"(),
           'ALTER SYSTEM SET wal_sender_timeout = ''5min'''
    FROM pg_catalog.pg_settings s
    WHERE s.name = 'wal_sender_timeout' AND s.setting::int BETWEEN 1 AND 299999)";

// What of other roles' sessions is hidden (the time) is not guessed; how many transactions have begun since
// is not hidden.
constexpr const char *long_transaction = R"(
    SELECT COALESCE(pg_catalog.quote_ident(a.usename), a.backend_type, 'process ' || a.pid),
           pg_catalog.format('transaction open %s, %s others have begun since: no slot can be made before it ends, '
                             'and slots keep the WAL from there on',
                             COALESCE('for ' || pg_catalog.date_trunc('second', a.age), 'since a time not visible'),
                             COALESCE(a.transactions::text, 'an unknown number of')),
           'SELECT pg_terminate_backend(' || a.pid || ')'
    FROM (SELECT a.*, pg_catalog.clock_timestamp() - a.xact_start AS age,
                 pg_catalog.age(a.backend_xid) AS transactions
          FROM pg_catalog.pg_stat_activity a
          WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()) a
    WHERE a.age >= )" LONG_TIME R"( OR a.transactions >= )" MANY_TRANSACTIONS;

// It can be ended in its own database only.
constexpr const char *prepared_transaction = R"(
    SELECT pg_catalog.quote_literal(x.gid),
           pg_catalog.format('prepared transaction of role %s, %s old%s: no slot can be made before it ends, and '
                             'slots keep the WAL from there on; COMMIT PREPARED would end it too',
                             pg_catalog.quote_ident(x.owner),
                             pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - x.prepared),
                             CASE WHEN x.database <> pg_catalog.current_database()
                             THEN ', in database ' || pg_catalog.quote_ident(x.database) || ', from where it is to be ended'
                             ELSE '' END),
           CASE WHEN x.database = pg_catalog.current_database()
           THEN 'ROLLBACK PREPARED ' || pg_catalog.quote_literal(x.gid) END
    FROM pg_catalog.pg_prepared_xacts x
    WHERE pg_catalog.clock_timestamp() - x.prepared >= )" LONG_TIME
                                             R"( OR pg_catalog.age(x.transaction) >= )" MANY_TRANSACTIONS;

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
