// The indexes of tables, valid or not.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

struct IndexFacts {
    ::Oid oid;
    ::Oid table; // or TOAST table
    bool is_valid;
    bool is_exclusion; // of an exclusion constraint
};

// The indexes of the tables, whose OIDs are sorted, also those that are half dropped; by table and OID.
Array<IndexFacts> read_indexes(std::span<const ::Oid> tables);

// Those of one table.
std::span<const IndexFacts> indexes_of(std::span<const IndexFacts> indexes, ::Oid table);

// Whether DROP INDEX takes it: not one that is attached to the index of a partitioned table, or belongs to a
// constraint.
bool can_be_dropped(::Oid index);

// Names that REINDEX CONCURRENTLY gives: "..._ccnew" or "..._ccold", with a number where that was taken.
bool is_transient_name(std::string_view name);

} // namespace dj_deploy
