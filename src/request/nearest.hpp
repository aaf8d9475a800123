// What somebody who has misspelt a name may have meant.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// The nearest of the known names, if they differ in less than a third, each with the prefix: "a", "b" or "c".
// Null when there is none.
const char *nearest_names(std::string_view given, std::span<const char *const> known,
                          const char *prefix = "");

} // namespace dj_deploy
