// Facts about the server: its slots, how many are in use, and WAL senders.
#include "checks/facts.hpp"

namespace dj_deploy {

// Columns that only newer servers have are read through jsonb: why and since when a slot is not in use, and
// whether it is a standby's copy of a slot of its primary.
const char *const server_facts_sql = R"(
, slot AS MATERIALIZED (
    SELECT s.slot_name, s.database, s.active, s.restart_lsn, s.wal_status,
           pg_catalog.quote_ident(s.slot_name) AS name,
           'SELECT pg_drop_replication_slot(' || pg_catalog.quote_literal(s.slot_name) || ')' AS drop_it,
           COALESCE('plugin ' || s.plugin || ', database ' || pg_catalog.quote_ident(s.database),
                    'physical') AS kind,
           pg_catalog.to_jsonb(s) ->> 'invalidation_reason' AS reason,
           pg_catalog.to_jsonb(s) ->> 'inactive_since' AS since,
           pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery()
                                      THEN pg_catalog.pg_last_wal_replay_lsn()
                                      ELSE pg_catalog.pg_current_wal_lsn() END, s.restart_lsn) AS behind
    FROM pg_catalog.pg_replication_slots s
    WHERE COALESCE(pg_catalog.to_jsonb(s) ->> 'synced', 'false') = 'false'
), slot_use AS MATERIALIZED (
    SELECT pg_catalog.current_setting('max_replication_slots')::int AS most, pg_catalog.count(*) AS used,
           pg_catalog.count(*) FILTER (WHERE s.active AND s.database = pg_catalog.current_database()) AS consumers
    FROM pg_catalog.pg_replication_slots s
), sender_use AS MATERIALIZED (
    SELECT pg_catalog.current_setting('max_wal_senders')::int AS most, pg_catalog.count(*) AS used,
           (SELECT u.consumers FROM slot_use u) AS consumers
    FROM pg_catalog.pg_stat_replication
))";

} // namespace dj_deploy
