// Which indexes can be a replica identity.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// Why ALTER TABLE ... REPLICA IDENTITY USING INDEX would refuse the index, as the server says it; null when
// it would not.
const char *identity_index_fault(::Oid table, ::Oid index);

} // namespace dj_deploy
