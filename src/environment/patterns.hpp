// The schemas that the document covers, by an entry of their own or by patterns.
#pragma once

#include "environment/document.hpp"
#include "plan/plan.hpp"

namespace dj_deploy {

struct CoveredSchema {
    ::Oid oid;
    const SchemaSettings *settings; // what its entry says, and what patterns say besides
};

// Those with an entry as in the document, then the others by name. A pattern covers the schemas that people
// have made and that match it now. 3F000 and 42501 for entries that are no such schemas, 22023 for patterns
// that contradict each other. NOTICE for patterns that match nothing.
Array<CoveredSchema> covered_schemas(const Environment &environment, Array<Remark> &notices);

// Whether the name is as the pattern says: * stands for any characters, ? for one.
bool matches(const char *pattern, const char *name);

} // namespace dj_deploy
