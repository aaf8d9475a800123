#include "checks/server_report.hpp"

#include "checks/server_facts.hpp"
#include "pg/query.hpp"

namespace dj_deploy {

namespace {

// The families, in the order in which a person mends what they find.
constexpr std::array families = std::to_array<const std::span<const Check> *>({
    &server_checks,
    &standby_checks,
    &slot_checks,
    &role_checks,
    &schema_checks,
});

// Appends the query of a check, with its number.
void append_check(::StringInfo sql, const Check &check, std::size_t number)
{
    ::appendStringInfo(sql, "%s\nSELECT %d AS number, f.* FROM (%s) AS f(object, finding, remedy)",
                       number == 0 ? "" : "\nUNION ALL", static_cast<int>(number), check.sql);
}

} // namespace

Array<ServerFinding> read_server_findings(Consumer consumer, ::Oid schema, std::span<const ::Oid> tables,
                                          std::span<const ::Oid> publications)
{
    ::StringInfoData sql;
    ::initStringInfo(&sql);
    ::appendStringInfoString(&sql, server_facts_sql);
    ::appendStringInfoString(&sql, "\nSELECT f.* FROM (");
    Array<const Check *> asked;
    for (const std::span<const Check> *family : families)
        for (const Check &check : *family)
            if (check.severity(consumer) != nullptr) {
                append_check(&sql, check, asked.count);
                asked.push(&check);
            }
    ::appendStringInfoString(&sql, ") f\nORDER BY f.number, f.object COLLATE \"C\"");

    Array<ServerFinding> findings;
    const auto keep = [&](const Row &row) {
        findings.push({.check = asked[static_cast<std::size_t>(row.integer(1))],
                       .object = row.string(2),
                       .finding = row.string(3),
                       .remedy = row.string(4)});
    };
    // Whatever the statistics say of the catalogs, facts are looked up by index.
    with_settings({{"enable_seqscan", "off"}}, [&] {
        query(sql.data, keep, schema, consumer_names[static_cast<std::size_t>(consumer)], tables,
              publications);
    });
    return findings;
}

} // namespace dj_deploy
