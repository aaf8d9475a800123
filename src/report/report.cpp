// The result is put together by one query.
#include "report/report.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

// In SQL, because the C interface of jsonb is another one in every second version.
constexpr const char *sql = R"(
    SELECT pg_catalog.jsonb_build_object('tables_analyzed', $1, 'tables_modified', $2,
                                         'ddl', pg_catalog.to_jsonb($3))
           || COALESCE((SELECT pg_catalog.jsonb_build_object('skipped', pg_catalog.jsonb_agg(
                                   pg_catalog.jsonb_build_object('table', s.object, 'reason', s.reason)
                                   ORDER BY s.number))
                        FROM ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($5))
                             WITH ORDINALITY s (object, reason, number)
                        HAVING pg_catalog.count(*) > 0), '{}')
    ORDER BY 1)";

} // namespace

::Datum make_report(const Plan &plan, const Outcome &outcome)
{
    Array<const char *> objects;
    Array<const char *> reasons;
    for (const Skip &skip : plan.skipped) {
        objects.push(skip.object);
        reasons.push(skip.reason);
    }
    ::Datum report = 0;
    query(
        sql, [&](const Row &row) { report = row.copy(1); }, plan.analyzed, outcome.modified,
        outcome.statements.view(), objects.view(), reasons.view());
    return report;
}

} // namespace dj_deploy
