// Patterns that match the same schema must not contradict each other: none of them counts before the other.
#pragma once

#include "catalog/schemas.hpp"
#include "environment/document.hpp"

namespace dj_deploy {

// Patterns of a document, by their numbers there.
struct PatternPair {
    std::size_t first;
    std::size_t second;
};

// The pairs of patterns that say something differently, whatever they match. What patterns say does not
// depend on the schema, so that all others need no look at any.
Array<PatternPair> read_disputes(const Environment &environment);

// 22023 when the two differ in what they say of a schema that both match, or of a table that it has. What its
// entry says, null when it has none, settles that.
void require_agreement(const Schema &schema, const SchemaSettings *entry, const SchemaSettings &left,
                       const SchemaSettings &right);

} // namespace dj_deploy
