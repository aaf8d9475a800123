// The publication itself: that it is there, what it publishes, how, and whose it is.
#include "checks/facts.hpp"

namespace dj_deploy {

namespace {

#if PG_VERSION_NUM >= 180000
#define GENERATED_COLUMN                                                                                     \
    "SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated <> ''"
#else
#define GENERATED_COLUMN "SELECT WHERE false"
#endif

#define NOTHING_TO_PUBLISH "CASE WHEN t.tables > 0 THEN '' ELSE ', and the schema has none for it' END"

constexpr const char *none = R"(
    SELECT t.name, 'no publication publishes a table of the schema',
           )" PUBLISH_ALL("'''cdc'''") R"(
    FROM target t
    WHERE $2 = '' AND t.tables > 0 AND NOT EXISTS (SELECT FROM publication p))";

constexpr const char *missing = R"(
    SELECT pg_catalog.quote_ident($2), 'publication does not exist' || )" NOTHING_TO_PUBLISH R"(,
           CASE WHEN t.tables > 0 THEN )" PUBLISH_ALL("pg_catalog.quote_literal($2)") R"( END
    FROM target t
    WHERE $2 <> '' AND NOT EXISTS (SELECT FROM publication p))";

constexpr const char *empty = R"(
    SELECT p.name, 'publication holds no table' || )" NOTHING_TO_PUBLISH R"(,
           CASE WHEN t.tables > 0 AND NOT p.is_for_sequences THEN
           )" PUBLISH_ALL("p.literal") R"( END
    FROM publication p
    CROSS JOIN target t
    WHERE p.is_empty)";

// Whether a table of the publication, of whatever schema, may refuse UPDATE and DELETE once it publishes
// them. One that publishes one of the two has shown that none does.
#define MAKES_WRITES_FAIL                                                                                    \
    "(NOT p.pubupdate AND NOT p.pubdelete AND ("                                                             \
    "EXISTS (SELECT FROM pg_catalog.pg_publication_rel l WHERE l.prpubid = p.oid"                            \
    " AND (l.prattrs IS NOT NULL OR l.prqual IS NOT NULL)) OR EXISTS ("                                      \
    "SELECT FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND c.relpersistence = 'p'"                     \
    " AND c.oid >= 16384"                                                                                    \
    " AND (c.relreplident = 'n' OR c.relreplident = 'f' AND EXISTS (" GENERATED_COLUMN ")"                   \
    " OR c.relreplident IN ('d', 'i') AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i"                     \
    " WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate"                                          \
    " AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END))"                      \
    " AND (p.puballtables OR EXISTS (SELECT FROM (SELECT s.relid FROM"                                       \
    " pg_catalog.pg_partition_ancestors(c.oid) s UNION SELECT c.oid) a(relid)"                               \
    " JOIN pg_catalog.pg_class b ON b.oid = a.relid"                                                         \
    " WHERE EXISTS (SELECT FROM pg_catalog.pg_publication_rel l"                                             \
    " WHERE l.prpubid = p.oid AND l.prrelid = b.oid)"                                                        \
    " OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s"                                          \
    " WHERE s.pnpubid = p.oid AND s.pnnspid = b.relnamespace))))))"

// What it publishes of truncations stays as it is.
constexpr const char *operations = R"(
    SELECT p.name, 'publication does not publish '
                   || pg_catalog.concat_ws(', ', CASE WHEN NOT p.pubinsert THEN 'insert' END,
                                           CASE WHEN NOT p.pubupdate THEN 'update' END,
                                           CASE WHEN NOT p.pubdelete THEN 'delete' END)
                   || CASE WHEN )" MAKES_WRITES_FAIL
                                   R"( THEN '. Before it does, its tables need a replica identity '
                   'that goes with their row filters, column lists and generated columns.' ELSE '' END,
           CASE WHEN NOT )" MAKES_WRITES_FAIL R"( THEN
           pg_catalog.format('ALTER PUBLICATION %s SET (publish = ''insert, update, delete%s'')', p.name,
                             CASE WHEN p.pubtruncate THEN ', truncate' ELSE '' END) END
    FROM publication p
    WHERE NOT (p.pubinsert AND p.pubupdate AND p.pubdelete))";

// Only when nothing else is missing: then the remedies of both cannot undo each other.
constexpr const char *truncation = R"(
    SELECT p.name, 'publication does not publish truncate: rows that TRUNCATE removes stay at the consumer',
           pg_catalog.format('ALTER PUBLICATION %s SET (publish = ''insert, update, delete, truncate'')', p.name)
    FROM publication p
    WHERE p.pubinsert AND p.pubupdate AND p.pubdelete AND NOT p.pubtruncate)";

constexpr const char *via_root = R"(
    SELECT p.name,
           pg_catalog.format('publish_via_partition_root is off: changes of %s arrive under the names of partitions',
                             pg_catalog.string_agg(r.name, ', ' ORDER BY r.name COLLATE "C")),
           CASE WHEN NOT EXISTS (
               SELECT FROM pg_catalog.pg_publication_rel l
               JOIN pg_catalog.pg_class c ON c.oid = l.prrelid
               WHERE l.prpubid = p.oid AND c.relkind = 'p' AND (l.prattrs IS NOT NULL OR l.prqual IS NOT NULL)) THEN
           pg_catalog.format('ALTER PUBLICATION %s SET (publish_via_partition_root = true)', p.name) END
    FROM publication p
    JOIN relation r ON )" PUBLISHES R"(
    WHERE NOT p.pubviaroot AND r.relkind = 'p' AND r.is_user
    GROUP BY p.oid, p.name)";

constexpr const char *owner = R"(
    SELECT p.name, pg_catalog.format('publication belongs to role %s: role %s cannot change it',
                                     pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(p.pubowner)), r.name),
           pg_catalog.format('ALTER PUBLICATION %s OWNER TO %s', p.name, r.name)
    FROM publication p
    CROSS JOIN role r
    WHERE NOT pg_catalog.pg_has_role(p.pubowner, 'USAGE'))";

// Dropping a publication would take it from its consumers.
constexpr const char *all_tables = R"(
    SELECT p.name,
           pg_catalog.format('publication is FOR ALL TABLES: it publishes %s too. Make another one with '
                             'dj_deploy.set_publication_membership and point the consumer there.', h.names),
           NULL
    FROM publication p
    CROSS JOIN uninvited h
    WHERE p.puballtables AND h.names IS NOT NULL)";

// In one statement, so that consumers miss nothing.
constexpr const char *whole_schema = R"(
    SELECT p.name, pg_catalog.format('publication has TABLES IN SCHEMA %s: it publishes %s too', t.name, h.names),
           pg_catalog.format('DO %L', pg_catalog.format(
               'BEGIN ALTER PUBLICATION %s DROP TABLES IN SCHEMA %s; '
               'PERFORM dj_deploy.set_publication_membership(%s, %s, dry_run => false); END',
               p.name, t.name, t.literal, p.literal))
    FROM publication p
    CROSS JOIN target t
    CROSS JOIN uninvited h
    WHERE p.is_schema AND h.names IS NOT NULL)";

// Mostly that is meant, so there is no statement to run along with the others.
constexpr const char *other_schemas = R"(
    SELECT s.name,
           pg_catalog.format('publication also publishes tables of other schemas: %s. Where that is not meant: '
                             'dj_deploy.set_publication_membership(..., member => false).',
                             pg_catalog.string_agg(pg_catalog.format('%I (%s)', s.nspname, s.tables), ', '
                                                   ORDER BY s.nspname)),
           NULL
    FROM (SELECT p.name, n.nspname, pg_catalog.count(*) AS tables
          FROM publication p
          JOIN pg_catalog.pg_publication_rel l ON l.prpubid = p.oid
          JOIN pg_catalog.pg_class c ON c.oid = l.prrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE NOT p.puballtables AND c.relnamespace <> $1
            AND l.prrelid NOT IN (SELECT r.oid FROM relation r)
          GROUP BY p.name, n.nspname) s
    GROUP BY s.name)";

// Lakehouse Sync needs no publication; one that the call names is judged all the same.
constexpr std::array checks = std::to_array<Check>({
    {.name = "no_publication", .severities = "e-eee", .sql = none},
    {.name = "publication_missing", .severities = "eeeee", .sql = missing},
    {.name = "publication_empty", .severities = "eeeee", .sql = empty},
    {.name = "publication_operations", .severities = "eeeee", .sql = operations},
    {.name = "publication_truncate", .severities = "iii-w", .sql = truncation},
    {.name = "publication_via_root", .severities = "wwwiw", .sql = via_root},
    {.name = "publication_owner", .severities = "iiiii", .sql = owner},
    {.name = "publication_all_tables", .severities = "wwwww", .sql = all_tables},
    {.name = "publication_whole_schema", .severities = "wwwww", .sql = whole_schema},
    {.name = "publication_other_schemas", .severities = "iiiii", .sql = other_schemas},
});

} // namespace

const std::span<const Check> publication_checks = checks;

} // namespace dj_deploy
