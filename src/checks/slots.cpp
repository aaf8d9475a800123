// Replication slots: those that are lost, and those that keep WAL for a consumer that does not come.
#include "checks/facts.hpp"

namespace dj_deploy {

namespace {

// Slots of other databases belong to other consumers, but all of them fill the same disk.
constexpr const char *slot_lost = R"(
    SELECT s.name, pg_catalog.format('slot (%s) has lost WAL that its consumer had not read%s: the consumer must '
                                     'start over with a new slot', s.kind, ' (' || s.reason || ')'),
           s.drop_it
    FROM slot s
    WHERE s.wal_status = 'lost'
      AND (s.database IS NULL OR s.database = pg_catalog.current_database()))";

constexpr const char *slot_unreserved = R"(
    SELECT s.name, pg_catalog.format('slot (%s) is %s behind, beyond max_slot_wal_keep_size (%s): the next checkpoint '
                                     'may make it lost. Takes a reload.',
                                     s.kind, pg_catalog.pg_size_pretty(s.behind),
                                     pg_catalog.current_setting('max_slot_wal_keep_size')),
           pg_catalog.format('ALTER SYSTEM SET max_slot_wal_keep_size = ''%sMB''',
                             2 * GREATEST(k.setting::int8, pg_catalog.ceil(s.behind / 1048576)))
    FROM slot s
    JOIN pg_catalog.pg_settings k ON k.name = 'max_slot_wal_keep_size'
    WHERE s.wal_status = 'unreserved')";

// "extended" says that it keeps more than max_wal_size, which the server keeps anyway. Whether the consumer
// comes back is not known here, so dropping is not a remedy. Physical slots are those of standbys.
constexpr const char *slot_inactive = R"(
    SELECT s.name, pg_catalog.format('nobody reads slot (%s)%s; it keeps %s of WAL on disk, beyond max_wal_size (%s). '
                                     'Start its consumer; if it never comes back, drop the slot: %s.',
                                     s.kind, ' since ' || s.since, pg_catalog.pg_size_pretty(s.behind),
                                     pg_catalog.current_setting('max_wal_size'), s.drop_it),
           NULL
    FROM slot s
    WHERE NOT s.active AND s.database IS NOT NULL AND s.wal_status IN ('extended', 'unreserved'))";

constexpr const char *keep_size = R"(
    SELECT 'max_slot_wal_keep_size',
           'a slot whose consumer stays away keeps WAL until the disk is full. Allow for days of it. Takes a reload.',
           'ALTER SYSTEM SET max_slot_wal_keep_size = ''100GB'''
    WHERE pg_catalog.current_setting('max_slot_wal_keep_size') = '-1')";

// 18 and later.
constexpr const char *idle_timeout = R"(
    SELECT 'idle_replication_slot_timeout',
           pg_catalog.format('a slot is lost when its consumer pauses for longer than %s. Takes a reload.',
                             s.timeout),
           'ALTER SYSTEM SET idle_replication_slot_timeout = 0'
    FROM (SELECT pg_catalog.current_setting('idle_replication_slot_timeout', true) AS timeout) s
    WHERE s.timeout <> '0')";

constexpr std::array checks = std::to_array<Check>({
    {.name = "slot_lost", .severities = "eeeee", .sql = slot_lost},
    {.name = "slot_unreserved", .severities = "wwwww", .sql = slot_unreserved},
    {.name = "slot_inactive", .severities = "wwwww", .sql = slot_inactive},
    {.name = "slot_wal_unlimited", .severities = "iiiii", .sql = keep_size},
    {.name = "slot_idle_timeout", .severities = "iiiii", .sql = idle_timeout},
});

} // namespace

const std::span<const Check> slot_checks = checks;

} // namespace dj_deploy
