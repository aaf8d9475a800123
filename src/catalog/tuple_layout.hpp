// How long a tuple is, from what the catalog knows of its columns: the arithmetic of heap_form_tuple() with
// averages instead of values. Alignment and null bitmap are counted as the server lays them out.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// A column as tuples hold it.
struct StoredColumn {
    std::int16_t length;  // of pg_attribute, as are the next two; -1 varlena, -2 cstring
    char alignment;       // 'c', 's', 'i' or 'd'
    char storage;         // 'p', 'e', 'm' or 'x'
    bool is_key;          // of the primary key that serves as replica identity
    bool is_known;        // how often it is null, and how long it is
    double null_fraction; // 1 for what is never stored: dropped columns and virtual ones
    double width; // average of the values, the varlena header included; a value in the TOAST table counts
                  // as its pointer
};

// How likely each remainder is when a length is divided by the largest alignment.
using Remainders = std::array<double, MAXIMUM_ALIGNOF>;

// Lengths of tuples, in bytes: their average, and the remainders, on which padding depends.
struct TupleBytes {
    double average = 0;
    Remainders remainders{1};
};

// What a WAL record holds of a tuple: xl_heap_header, null bitmap, padding and values. All columns are known.
TupleBytes tuple_bytes(std::span<const StoredColumn> columns);

// The same of a tuple in which all but the key's columns are null. The key's columns are known.
TupleBytes key_tuple_bytes(std::span<const StoredColumn> columns);

// All remainders alike, as of lengths that vary widely.
TupleBytes varying_bytes(double average);

} // namespace dj_deploy
