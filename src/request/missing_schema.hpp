// The refusal of a schema that does not exist, with what the caller may have meant.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// 3F000. Hints at 'lab.session'::regclass where the name is that of a table, else at the nearest schemas.
[[noreturn]] void raise_missing_schema(const char *name);

} // namespace dj_deploy
