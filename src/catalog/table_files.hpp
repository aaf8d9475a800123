// What tables take on disk, and which of their indexes are not valid; without a lock on any of them.
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

} // namespace dj_deploy
