// The checks that concern the consumer become one query, so that their facts are read once.
#include "checks/server_report.hpp"

#include "checks/server_facts.hpp"
#include "pg/kept_query.hpp"

namespace dj_deploy {

namespace {

constexpr const char *about_tables = "schema_name, table_name, finding, remedy";
constexpr const char *about_others = "object, finding, remedy";

// Appends the query of a check, with its number.
void append_check(::StringInfo sql, const Check &check, std::size_t number)
{
    const bool is_about_tables = check.tables_sql != nullptr;
    ::appendStringInfo(sql, "%s\nSELECT %d AS number, %s, f.finding, f.remedy FROM (%s) AS f(%s)",
                       number == 0 ? "" : "\nUNION ALL", static_cast<int>(number),
                       is_about_tables ? "f.schema_name, f.table_name, NULL" : "NULL, NULL, f.object",
                       is_about_tables ? check.tables_sql : check.sql,
                       is_about_tables ? about_tables : about_others);
}

} // namespace

Array<ServerFinding> read_server_findings(Consumer consumer, const Homes &homes,
                                          std::span<const ::Oid> tables, std::span<const ::Oid> publications)
{
    ::StringInfoData sql;
    ::initStringInfo(&sql);
    ::appendStringInfoString(&sql, server_facts_sql);
    ::appendStringInfoString(&sql, "\nSELECT f.* FROM (");
    Array<const Check *> asked;
    for (const std::span<const Check> *family : check_families)
        for (const Check &check : *family)
            if (check.find == nullptr && check.severity(consumer) != '-') {
                append_check(&sql, check, asked.count);
                asked.push(&check);
            }
    ::appendStringInfoString(&sql,
                             ") AS f(number, schema_name, table_name, object, finding, remedy)\n"
                             "ORDER BY f.number, f.schema_name COLLATE \"C\", f.table_name COLLATE \"C\", "
                             "f.object COLLATE \"C\"");

    Array<ServerFinding> findings;
    const auto keep = [&](const Row &row) {
        About about{.schema = row.string(2), .table = row.string(3), .object = row.string(4)};
        if (about.schema == nullptr && about.object == nullptr)
            about = homes.about();
        findings.push({.check = asked[static_cast<std::size_t>(row.integer(1))],
                       .about = about,
                       .finding = row.string(5),
                       .remedy = row.string(6)});
    };
    const Target schemas = homes.target();
    // Whatever the statistics say of the catalogs, facts are looked up by index.
    with_settings({{"enable_seqscan", "off"}}, [&] {
        kept_query(sql.data, keep, schemas.schemas.view(), consumer_names[static_cast<std::size_t>(consumer)],
                   tables, publications);
    });
    return findings;
}

} // namespace dj_deploy
