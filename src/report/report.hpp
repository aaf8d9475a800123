// The one jsonb shape.
#pragma once

#include "pg/json.hpp"
#include "run/execute.hpp"

namespace dj_deploy {

// {"tables_analyzed": int, "tables_modified": int, "ddl": [text, ...]} as a jsonb datum; where something was
// skipped, also "skipped": [{"schema_name": text, "table_name": text, "reason": text}, ...]; of an index it
// has "object" and "remedy", too.
::Datum make_report(const Plan &plan, const Outcome &outcome);

// The same, statement by statement, for whoever does not hold them all or has more to say. Texts are not
// copied before finish().
struct Report {
    std::int32_t analyzed;
    std::int32_t modified;
    Array<::JsonbValue> statements;
    JsonObject object;

    static Report start(std::int32_t analyzed, std::int32_t modified);
    void add(std::string_view statement);
    ::Datum finish(std::span<const Skip> skipped);
};

} // namespace dj_deploy
