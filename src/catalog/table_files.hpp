// What tables take on disk, and how many of their indexes are not valid; without a lock on any of them.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

struct TableFiles {
    std::int64_t bytes;           // with indexes and TOAST; a partitioned table has none
    std::int32_t invalid_indexes; // those of the TOAST table count; those of a partitioned table do not
};

// For each of the tables, in their order; zeros for one that is gone.
Array<TableFiles> read_table_files(std::span<const ::Oid> tables);

} // namespace dj_deploy
