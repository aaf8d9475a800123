// Indexes that a REINDEX CONCURRENTLY has left behind.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

struct IndexName {
    const char *schema;
    const char *name;
};

// The invalid indexes of the tables with the names that REINDEX CONCURRENTLY gives ("_ccnew", "_ccold", with
// a number where that was taken), by schema and name.
Array<IndexName> read_transient_indexes(std::span<const ::Oid> tables);

} // namespace dj_deploy
