// Values that are too large for a change, or that a consumer cannot take or compare.
#include "checks/facts.hpp"

namespace dj_deploy {

namespace {

#define TOAST "pg_catalog.pg_size_pretty(r.toast_bytes)"

#define IN_TOAST                                                                                             \
    "CASE WHEN r.toast_bytes > 0 THEN ' ("                                                                   \
    "' || " TOAST " || ' out of line)' ELSE '' END"

// A change is one message of at most 1 GB; FULL puts the row into it twice, and bytea as text doubles.
constexpr const char *large_values = R"(
    SELECT r.name, pg_catalog.format('%s out of line in %s, under FULL: an UPDATE of a row above 256 MB exceeds the 1 GB '
                                     'of one change and stops the consumer%s', )" TOAST R"(, r.large,
                                     CASE WHEN $3 IN ('any', 'postgres') THEN '' ELSE
                                     '. Keep such values in an external store.' END),
           CASE WHEN $3 IN ('any', 'postgres') AND r.has_key AND NOT )" DEFAULT_FAILS
                                     " THEN " SET_IDENTITY("default") R"( END
    FROM relation r
    WHERE r.relkind = 'r' AND (r.is_user OR r.relispartition) AND r.state = 'FULL' AND r.large IS NOT NULL
      AND r.toast_bytes >= )" RISKY_BYTES;

constexpr const char *large_columns = R"(
    SELECT r.name, 'FULL writes old values of ' || r.large || )" IN_TOAST
                                      R"( || ' to the WAL on each UPDATE and DELETE,'
                   ' also when they do not change' || )" WHY_NOT_DEFAULT R"(,
           CASE WHEN $3 = 'postgres' AND r.has_key AND NOT )" DEFAULT_FAILS
                                      " THEN " SET_IDENTITY("default") R"( END
    FROM relation r
    WHERE r.relkind = 'r' AND (r.is_user OR r.relispartition) AND r.state = 'FULL' AND r.large IS NOT NULL
      AND (r.has_blob OR r.toast_bytes > 0) AND r.toast_bytes < )" RISKY_BYTES;

constexpr const char *toast_not_full = R"(
    SELECT r.name, pg_catalog.format('replica identity is not FULL: an UPDATE that leaves %s%s as it is arrives %s',
                                     r.large, )" IN_TOAST R"(, CASE $3
                                     WHEN 'debezium' THEN 'with __debezium_unavailable_value in it'
                                     ELSE 'with it empty' END),
           )" SET_IDENTITY("full") R"(
    FROM relation r
    WHERE r.is_user AND r.relpersistence = 'p' AND r.state IN ('DEFAULT', 'INDEX') AND r.large IS NOT NULL
      AND NOT )" FULL_FAILS;

// What depends on a column, but for its default and NOT NULL, keeps its type, and so does what has it from
// elsewhere: a parent, a type, another table's column of the row type.
#define KEEPS_JSON                                                                                           \
    "(r.reloftype <> 0 OR EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_type t"              \
    " ON t.oid = d.refobjid WHERE d.refclassid = 1247 AND r.reltype IN (t.oid, t.typelem)"                   \
    " AND d.refobjid IN (r.reltype, (SELECT y.typarray FROM pg_catalog.pg_type y WHERE y.oid = r.reltype))"  \
    " AND d.deptype = 'n') OR EXISTS ("                                                                      \
    "WITH RECURSIVE family(oid) AS (SELECT r.oid UNION SELECT i.inhrelid FROM family f"                      \
    " JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid)"                                                 \
    " SELECT FROM family f JOIN pg_catalog.pg_attribute a ON a.attrelid = f.oid AND a.attnum > 0"            \
    " AND NOT a.attisdropped AND a.atttypid = 114"                                                           \
    " WHERE f.oid = r.oid AND a.attinhcount > 0 OR a.attgenerated <> ''"                                     \
    " OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 1259 AND d.refobjid = f.oid"        \
    " AND d.refobjsubid = a.attnum AND NOT (d.classid = 2604 AND EXISTS (SELECT FROM pg_catalog.pg_attrdef"  \
    " v WHERE v.oid = d.objid AND v.adrelid = f.oid AND v.adnum = a.attnum)) AND NOT (d.classid = 2606"      \
    " AND EXISTS (SELECT FROM pg_catalog.pg_constraint v WHERE v.oid = d.objid AND v.contype = 'n')))))"

#define TO_JSONB                                                                                             \
    "(SELECT 'ALTER TABLE ' || r.name || ' ' || pg_catalog.string_agg('ALTER COLUMN ' || "                   \
    "pg_catalog.quote_ident(a.attname) || ' TYPE jsonb', ', ' ORDER BY a.attnum) "                           \
    "FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped "       \
    "AND a.atttypid = 114 AND NOT " KEEPS_JSON ")"

// Only where rows are compared: without a primary key at the subscriber.
constexpr const char *incomparable = R"(
    SELECT r.name, pg_catalog.format('no primary key, and %s cannot be compared: under FULL an UPDATE or DELETE stops a '
                                     'subscriber. %s', r.incomparable, CASE WHEN r.not_json THEN 'Add a primary key.'
                                     WHEN )" KEEPS_JSON R"( THEN 'Add a primary key, or '
                                     'convert to jsonb when what depends on the columns is out of the way.'
                                     ELSE 'Conversion to jsonb rewrites the table.' END),
           CASE WHEN NOT r.not_json THEN )" TO_JSONB R"( END
    FROM relation r
    WHERE r.is_user AND r.state = 'FULL' AND NOT r.has_key AND r.incomparable IS NOT NULL)";

constexpr const char *incomparable_with_key = R"(
    SELECT r.name, pg_catalog.format('%s cannot be compared: under FULL an UPDATE or DELETE stops a subscriber whose '
                                     'table lacks the primary key', r.incomparable),
           CASE WHEN $3 = 'postgres' AND NOT )" DEFAULT_FAILS " THEN " SET_IDENTITY("default") R"(
           WHEN NOT r.not_json THEN )" TO_JSONB R"( END
    FROM relation r
    WHERE r.is_user AND r.state = 'FULL' AND r.has_key AND r.incomparable IS NOT NULL)";

constexpr const char *unsupported = R"(
    SELECT r.name, pg_catalog.format('types not on the list of Lakehouse Sync: %s (depending on its release, as text or '
                                     'not at all)', r.unsupported),
           CASE WHEN r.unsupported = r.incomparable AND NOT r.not_json THEN )" TO_JSONB R"( END
    FROM relation r
    WHERE r.is_user AND r.unsupported IS NOT NULL)";

constexpr std::array checks = std::to_array<Check>({
    {.name = "large_values", .severities = "wwwww", .sql = large_values},
    {.name = "large_columns", .severities = "-i--i", .sql = large_columns},
    {.name = "toast_not_full",
     .severities = "--ww-",
     .sql = toast_not_full,
     .schema_remedy = SET_SCHEMA_IDENTITY_FULL},
    {.name = "row_comparison", .severities = "i---e", .sql = incomparable},
    {.name = "row_comparison_key", .severities = "i---i", .sql = incomparable_with_key},
    {.name = "unsupported_type", .severities = "-w---", .sql = unsupported},
});

} // namespace

const std::span<const Check> column_checks = checks;

} // namespace dj_deploy
