// Standbys: whether a consumer can go on after a failover, whether it waits for a standby that is not there,
// and whether it can read from this server at all if that is a standby.
#include "checks/server_facts.hpp"

namespace dj_deploy {

namespace {

// 15 decodes on a primary only. From 19 on a standby knows whether its primary writes logical WAL; before,
// only the attempt tells.
constexpr const char *no_slots = R"(
    SELECT 'pg_is_in_recovery',
           CASE WHEN v.version < 160000
           THEN 'this server is a standby, where PostgreSQL 15 makes no logical slot: connect the consumer '
                'to the primary'
           ELSE 'this server is a standby whose primary writes no logical WAL, so no logical slot can be '
                'made: set wal_level to logical on the primary, which takes a restart there, or connect the '
                'consumer to it' END,
           NULL
    FROM server v
    WHERE v.is_standby AND (v.version < 160000 OR v.effective_wal_level = 'replica'))";

// 17 and later. Only slots with failover wait for these.
constexpr const char *slot_missing = R"(
    SELECT 'synchronized_standby_slots',
           pg_catalog.format('no physical slot is called %s: consumers whose slot has failover wait for it '
                             'for ever. Where a standby needs it, make it instead, and name it in '
                             'primary_slot_name there. Takes a reload.',
                             n.missing),
           pg_catalog.format('ALTER SYSTEM SET synchronized_standby_slots = %L', COALESCE(n.rest, ''))
    FROM server v
    CROSS JOIN LATERAL (
        SELECT pg_catalog.string_agg(n.name, ', ' ORDER BY n.place) FILTER (WHERE s.slot_name IS NULL)
               AS missing,
               pg_catalog.string_agg(n.name, ', ' ORDER BY n.place) FILTER (WHERE s.slot_name IS NOT NULL)
               AS rest
        FROM pg_catalog.unnest(pg_catalog.string_to_array(v.awaited_slots, ',')) WITH ORDINALITY
             AS n(name, place)
        LEFT JOIN slot s ON s.slot_name = n.name AND s.slot_type = 'physical'
                            AND s.wal_status IS DISTINCT FROM 'lost'
    ) n
    WHERE NOT v.is_standby AND n.missing IS NOT NULL)";

// 17 and later. Without it the primary could remove rows that the copies of its slots need, so the server
// makes none.
constexpr const char *feedback = R"(
    SELECT 'hot_standby_feedback',
           'sync_replication_slots is on, but hot_standby_feedback is off: the standby copies no slot of the '
           'primary, and consumers start over after a failover. Takes a reload.',
           'ALTER SYSTEM SET hot_standby_feedback = ''on'''
    FROM server v
    WHERE v.is_standby AND v.copies_slots AND NOT v.has_feedback)";

// 17 and later. No SQL function sets it on a slot that is there.
constexpr const char *no_failover = R"(
    SELECT s.name,
           pg_catalog.format('slot (%s) has no failover: no standby has a copy of it, and its consumer '
                             'starts over after a failover. A subscription sets it: ALTER SUBSCRIPTION ... '
                             'SET (failover), while disabled; other consumers where they make '
                             'the slot.', s.kind),
           NULL
    FROM slot s
    CROSS JOIN server v
    JOIN standby_use u ON u.is_there
    WHERE s.is_here AND NOT s.has_failover AND NOT s.temporary AND NOT v.is_standby)";

constexpr std::array checks = std::to_array<Check>({
    {.name = "standby_no_slots", .severities = "eeeee", .sql = no_slots},
    {.name = "standby_slot_missing", .severities = "eeeee", .sql = slot_missing},
    {.name = "standby_feedback", .severities = "wwwww", .sql = feedback},
    {.name = "slot_failover", .severities = "iiiii", .sql = no_failover},
});

} // namespace

const std::span<const Check> standby_checks = checks;

} // namespace dj_deploy
