// The result is put together by one query.
#include "report/report.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

// In SQL, because the C interface of jsonb is another one in every second version.
constexpr const char *sql = R"(
    SELECT pg_catalog.jsonb_build_object('tables_analyzed', $1, 'tables_modified', $2,
                                         'ddl', pg_catalog.to_jsonb($3))
    ORDER BY 1)";

} // namespace

::Datum make_report(std::int32_t analyzed, std::int32_t modified, std::span<const char *const> statements)
{
    ::Datum report = 0;
    query(
        sql, [&](const Row &row) { report = row.copy(1); }, analyzed, modified, statements);
    return report;
}

} // namespace dj_deploy
