// Patterns that match the same schema must not contradict each other: none of them counts before the other.
#pragma once

#include "environment/document.hpp"

namespace dj_deploy {

// 22023 when two of the patterns differ in what they say of a schema that they match. What its entry says, if
// it has one, settles that.
void require_agreement(const char *schema, const SchemaSettings *entry,
                       std::span<const SchemaSettings *const> patterns);

} // namespace dj_deploy
