// The indexes of tables, valid or not.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

struct IndexFacts {
    ::Oid oid;
    ::Oid table; // or TOAST table
    bool is_valid;
    bool is_exclusion; // of an exclusion constraint
    bool is_identity;  // the table's replica identity, whether or not that counts
};

// The indexes of the tables, whose OIDs are sorted, also those that are half dropped; by table and OID.
Array<IndexFacts> read_indexes(std::span<const ::Oid> tables);

// Those of one table.
std::span<const IndexFacts> indexes_of(std::span<const IndexFacts> indexes, ::Oid table);

// Whether something else rests on the index: it is attached to the index of a partitioned table, belongs to a
// constraint, or a foreign key refers to it. Then it cannot be dropped alone.
bool is_needed_by_another(::Oid index);

// Whether another session holds such a lock on the table as building an index takes. Takes none.
bool may_be_building(::Oid table);

// Names that REINDEX CONCURRENTLY gives: "..._ccnew" or "..._ccold", with a number where that was taken.
bool is_transient_name(std::string_view name);

} // namespace dj_deploy
