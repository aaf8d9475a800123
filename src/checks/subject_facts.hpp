// What the catalogs say of the columns and indexes of tables, for check_cdc.
#pragma once

namespace dj_deploy {

// $1: OIDs of tables. Returns for each, in their order: oid, name (quoted as it needs), large, incomparable,
// unsupported, key_index, to_jsonb, has_blob (see Subject).
extern const char *const subject_facts_sql;

} // namespace dj_deploy
