// The refusal of a schema that does not exist, with what the caller may have meant.
#pragma once

#include "request/target.hpp"

namespace dj_deploy {

// 3F000. Where the name is that of a table, hints at 'lab.session'::regclass, or at its schema when the call
// takes no table; else at an array for a list of names, or at the nearest schemas.
[[noreturn]] void raise_missing_schema(const char *name, Nameable nameable);

} // namespace dj_deploy
