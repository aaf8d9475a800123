// How publications bear on a table's replica identity.
#pragma once

#include "catalog/tables.hpp"

namespace dj_deploy {

enum class WriteHazard : std::int32_t {
    none,
    no_primary_key,   // DEFAULT finds no key to identify the row with
    column_list,      // the column list leaves out columns of the identity
    row_filter,       // the row filter reads columns outside the identity
    generated_column, // the identity holds generated columns that are not published (18 and later)
};

// A table whose UPDATE or DELETE would fail, and the publication that makes it fail.
struct BrokenWrite {
    ::Oid table;
    const char *publication;
    bool is_update; // the publication publishes updates
    bool is_delete; // the publication publishes deletes
    WriteHazard hazard;
};

// The writes that would fail if the tables had replica identity FULL or DEFAULT, by table and publication.
// The rules are those of the server's CheckCmdReplicaIdentity() and RelationBuildPublicationDesc().
Array<BrokenWrite> read_broken_writes(std::span<const ::Oid> tables, bool is_full);

} // namespace dj_deploy
