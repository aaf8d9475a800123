// check_cdc: what a consumer of changes would miss or fail at, why, and the statement that mends it.
#include "rowset.hpp"

#include "catalog/tables.hpp"
#include "checks/facts.hpp"
#include "checks/server_report.hpp"
#include "pg/query.hpp"
#include "pg/storage.hpp"
#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

Consumer consumer_of(const char *name)
{
    for (std::size_t index = 0; index < consumer_names.size(); index++)
        if (::pg_strcasecmp(name, consumer_names[index]) == 0)
            return static_cast<Consumer>(index);
    if (::pg_strcasecmp(name, "lakebase_cdf") == 0)
        return Consumer::lakehouse_sync;
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("consumer must be 'any', 'lakehouse_sync', 'lakebase_cdf', 'debezium', 'clickpipes' or "
                   "'postgres'; got '%s'",
                   shorten(name)));
    ::pg_unreachable();
}

// The families, in the order in which a person mends what they find: what is published can be written to.
constexpr std::array families = std::to_array<const std::span<const Check> *>({
    &identity_checks,
    &write_checks,
    &publication_checks,
    &membership_checks,
    &column_checks,
});

// Appends the query of a check, with its number, which orders the rows of the same severity.
void append_check(::StringInfo sql, const Check &check, const char *severity, int number)
{
    ::appendStringInfo(sql,
                       "%s SELECT %d AS number, '%s' AS severity, '%s' AS name, f.*, (%s) FROM (%s) AS "
                       "f(object, finding, remedy)",
                       number == 0 ? "" : "\nUNION ALL", number, severity, check.name,
                       check.schema_remedy == nullptr ? "NULL" : check.schema_remedy, check.sql);
}

// Rows that say the same of every table become one about the schema.
constexpr const char *rows_sql = R"(
), counted AS (
    SELECT f.*, f.schema_remedy IS NOT NULL AND t.tables > 1
           AND t.tables = pg_catalog.count(*) OVER (PARTITION BY f.number, f.finding) AS is_everywhere,
           pg_catalog.row_number() OVER (PARTITION BY f.number, f.finding) AS place, t.tables, t.name AS schema
    FROM found f
    CROSS JOIN target t
)
SELECT c.severity, c.name,
       CASE WHEN c.is_everywhere THEN c.schema ELSE c.object END,
       CASE WHEN c.is_everywhere THEN pg_catalog.format('all %s tables: %s', c.tables, c.finding) ELSE c.finding END,
       CASE WHEN c.is_everywhere THEN c.schema_remedy ELSE c.remedy END
FROM counted c
WHERE NOT c.is_everywhere OR c.place = 1
ORDER BY pg_catalog.strpos('ewi', pg_catalog.left(c.severity, 1)), c.number, c.object COLLATE "C")";

// The query of all checks that concern the consumer.
const char *assemble(Consumer consumer)
{
    ::StringInfoData sql;
    ::initStringInfo(&sql);
    ::appendStringInfoString(&sql, relation_facts_sql);
    ::appendStringInfoString(&sql, publication_facts_sql);
    ::appendStringInfoString(
        &sql, ", found(number, severity, name, object, finding, remedy, schema_remedy) AS (\n");
    int number = 0;
    for (const std::span<const Check> *family : families)
        for (const Check &check : *family)
            if (const char *severity = check.severity(consumer))
                append_check(&sql, check, severity, number++);
    ::appendStringInfoString(&sql, rows_sql);
    return sql.data;
}

// How many pages each of these TOAST tables has, as the files say: ANALYZE does not count them, and VACUUM
// may never have come. No such table has none; above 16 TB it is 16 TB.
Array<std::int32_t> toast_pages(const Array<::Oid> &toasts)
{
    constexpr const char *sql = R"(
    SELECT pg_catalog.pg_relation_filepath(t.oid)
    FROM pg_catalog.unnest($1) WITH ORDINALITY AS t(oid, number)
    ORDER BY t.number)";

    Array<std::int32_t> pages;
    const auto look = [&](const Row &row) {
        CHECK_FOR_INTERRUPTS();
        const char *path = row.string(1);
        const std::int64_t count = path == nullptr ? 0 : main_fork_bytes(path) / BLCKSZ;
        pages.push(static_cast<std::int32_t>(std::min<std::int64_t>(count, PG_INT32_MAX)));
    };
    query(sql, look, toasts.view());
    return pages;
}

// The publications that are judged.
Array<::Oid> judged_publications(::Oid schema, const char *publication, Consumer consumer,
                                 const Array<::Oid> &relations)
{
    constexpr const char *sql = R"(
    SELECT p.oid
    FROM pg_catalog.pg_publication p
    WHERE CASE WHEN $1 <> '' THEN p.pubname = $1
          ELSE $2 AND (p.puballtables
                       OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel r
                                  WHERE r.prpubid = p.oid AND r.prrelid = ANY ($3))
                       OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s
                                  WHERE s.pnpubid = p.oid AND s.pnnspid = $4)) END
    ORDER BY p.oid)";

    Array<::Oid> publications;
    query(
        sql, [&](const Row &row) { publications.push(row.oid(1)); }, publication,
        consumer != Consumer::lakehouse_sync, relations.view(), schema);
    return publications;
}

struct Finding {
    const char *severity;
    const char *check;
    const char *object;
    const char *finding;
    const char *remedy; // may be null

    void add(const Rows &rows) const
    {
        rows.add(std::to_array<Cell>({Cell::text(severity), Cell::text(check), Cell::text(object),
                                      Cell::text(finding), Cell::text(remedy)}));
    }
};

struct CheckCdc {
    static constexpr const char *name = "check_cdc";

    static constexpr Scope scope = {.has_hidden = true, .has_members = true, .has_relations = true};

    NamedTarget target;
    const char *publication; // empty for all that publish tables of the schema
    Consumer consumer;

    static CheckCdc request(const Arguments &arguments)
    {
        CheckCdc report{.target = request_target(arguments), .publication = "", .consumer = Consumer::any};
        if (const char *publication = arguments.optional_string("publication")) {
            require_name("publication", publication);
            report.publication = publication;
        }
        report.consumer = consumer_of(arguments.string("consumer"));
        return report;
    }

    void fill(const Rows &rows) const
    {
        const Target schema = resolve_target(target);
        Array<::Oid> relations;
        Array<::Oid> toasts;
        Array<::Oid> members;
        Array<::Oid> user_tables;
        for (const Table &table : read_tables(schema, scope)) {
            relations.push(table.oid);
            toasts.push(table.toast);
            if (table.is_member)
                members.push(table.oid);
            const bool is_table = table.relkind == RELKIND_RELATION || table.is_partitioned();
            if (is_table && table.schema_oid == schema.schema && !table.is_hidden() && !table.is_member &&
                !table.is_partition)
                user_tables.push(table.oid);
        }
        const Array<std::int32_t> pages = toast_pages(toasts);
        const Array<ServerFinding> findings =
            read_server_findings(consumer, schema.schema, user_tables.view(),
                                 judged_publications(schema.schema, publication, consumer, relations).view());
        Array<Finding> others;
        const auto keep = [&](const Row &row) {
            others.push({row.string(1), row.string(2), row.string(3), row.string(4), row.string(5)});
        };
        // Whatever the statistics say of the catalogs, facts are looked up by index.
        with_settings({{"enable_seqscan", "off"}}, [&] {
            query(assemble(consumer), keep, schema.schema, publication,
                  consumer_names[static_cast<std::size_t>(consumer)], relations.view(), members.view(),
                  pages.view());
        });
        for (const char *severity : {"error", "warning", "info"}) {
            add_findings(rows, findings, severity);
            for (const Finding &found : others)
                if (::strcmp(found.severity, severity) == 0)
                    found.add(rows);
        }
    }

    void add_findings(const Rows &rows, const Array<ServerFinding> &findings, const char *severity) const
    {
        for (const ServerFinding &found : findings)
            if (::strcmp(found.check->severity(consumer), severity) == 0)
                Finding{severity, found.check->name, found.object, found.finding, found.remedy}.add(rows);
    }
};

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_REPORT(check_cdc, dj_deploy::CheckCdc);
