// The one jsonb shape.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// {"tables_analyzed": int, "tables_modified": int, "ddl": [text, …]} as a jsonb datum.
::Datum make_report(std::int32_t analyzed, std::int32_t modified, std::span<const char *const> statements);

} // namespace dj_deploy
