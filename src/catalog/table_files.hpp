// What tables take on disk, which of their indexes are not valid, and how many rows they have; without a lock
// on any of them.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

struct TableFiles {
    std::int64_t bytes; // with indexes and TOAST; a partitioned table has none
    std::int64_t toast_bytes;
    // Those of the TOAST table have "pg_toast." in front; those of a partitioned table are left out.
    Array<const char *> invalid_indexes;
};

// For each of the tables, in their order; nothing for one that is gone.
Array<TableFiles> read_table_files(std::span<const ::Oid> tables);

// How many rows each of them has, as far as anybody knows; nothing for a partitioned table.
Array<std::optional<std::int64_t>> read_live_rows(std::span<const ::Oid> tables);

} // namespace dj_deploy
