// The columns of tables as their tuples hold them, with what ANALYZE has found out about them.
#pragma once

#include "catalog/tuple_layout.hpp"

namespace dj_deploy {

struct StoredColumns {
    Array<StoredColumn> columns{};   // in the order of the tuple
    Array<const char *> exposed{};   // names of those with values that are not of the key
    bool has_dropped = false;        // tuples older than the ALTER TABLE still hold its values
    bool are_fixed = true;           // as long in every row, without asking the statistics
    bool has_key = false;            // a primary key that serves as replica identity
    double values_in_toast = 0;      // how many there are on average in a row, at least
    double most_values_in_toast = 0; // and how many there can be

    // Whether the length of tuples can be told.
    bool are_known() const;
    bool is_key_known() const;
};

// What is known of a column from elsewhere.
struct ColumnStatistics {
    ::Oid table;
    const char *column;
    double null_fraction;
    double width; // of values that are not null
};

// One for each of the tables, which have these names in these schemas, in their order. Statistics are as
// pg_stats shows them to the caller: none of columns that it may not read, or that have row security; of
// those whose rows are in their chunks, the statistics of these together. Those from elsewhere, by table and
// column, come first.
Array<StoredColumns> read_stored_columns(std::span<const ::Oid> tables, std::span<const char *const> schemas,
                                         std::span<const char *const> names,
                                         std::span<const ::Oid> with_chunks,
                                         std::span<const ColumnStatistics> elsewhere);

} // namespace dj_deploy
