// What to do about indexes that are not valid: a rebuild or CREATE INDEX CONCURRENTLY that was cut short has
// left them behind, and writers go on maintaining them in vain.
#pragma once

#include "catalog/indexes.hpp"
#include "catalog/relation_name.hpp"

namespace dj_deploy {

// The statement that removes one: DROP INDEX CONCURRENTLY "lab"."session_pkey_ccnew"; where something rests
// on it, the one that makes it valid: REINDEX INDEX CONCURRENTLY "lab"."trial_1_pkey". Null for the index of
// a TOAST table that is no leftover: the server would do neither without harm.
const char *remedy_for_invalid(const IndexFacts &index, const RelationName &name);

struct Leftover {
    const char *name; // "lab"."session_pkey_ccnew"
    const char *remedy;
};

// The invalid indexes of a table and its TOAST table that have names which REINDEX CONCURRENTLY gives, by
// name. Waits for no lock.
Array<Leftover> read_leftovers(::Oid table, ::Oid toast);

} // namespace dj_deploy
