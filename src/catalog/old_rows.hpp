// How long the old rows of a table are that an UPDATE or DELETE writes into the WAL.
#pragma once

#include "catalog/stored_columns.hpp"
#include "catalog/write_facts.hpp"

namespace dj_deploy {

// Where the length of a row comes from.
enum class Basis {
    types,      // all columns have a fixed length and none is ever null
    statistics, // the columns' averages, which ANALYZE has made
    pages,      // the rows that pages hold
    unknown
};

// The lengths mean nothing unless the basis is known.
struct OldRows {
    Basis basis;
    TupleBytes stored{};             // in the table, with pointers into the TOAST table
    double toast = 0;                // bytes that the TOAST table has for each
    std::optional<TupleBytes> key{}; // nothing when unknown
};

OldRows measure_old_rows(const WriteFacts &facts, const StoredColumns &columns);

} // namespace dj_deploy
