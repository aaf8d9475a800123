// Which indexes can be a replica identity, and which one is.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// Why ALTER TABLE ... REPLICA IDENTITY USING INDEX would refuse the index, as the server says it; null when
// it would not.
const char *identity_index_fault(::Oid table, ::Oid index);

// The name of the index that serves as replica identity; null when it has been dropped or is not valid.
const char *identity_index_name(::Oid table);

} // namespace dj_deploy
