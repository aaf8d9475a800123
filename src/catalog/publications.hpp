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

// A replica identity, present or planned.
struct Identity {
    ::Oid table;
    char kind;   // as in pg_class.relreplident
    ::Oid index; // of kind 'i'; InvalidOid when it was dropped
};

struct PublicationOptions {
    ::Oid oid; // of one that does not exist yet any that no publication has
    const char *name;
    bool is_insert;
    bool is_update;
    bool is_delete;
    bool is_truncate;
    bool is_via_root;   // publish_via_partition_root
    bool has_generated; // publishes stored generated columns (18 and later)
};

// The options of the publication of that name; false when there is none.
bool read_options(const char *name, PublicationOptions &options);

struct PublicationMember {
    ::Oid publication;
    ::Oid table;
};

// What is to become of publications, where it differs from what is.
struct PublicationIntent {
    Array<PublicationOptions> publications; // changed or new
    Array<PublicationMember> added;
    Array<PublicationMember> dropped;
};

// The writes that would fail if the tables had these replica identities and publications were as intended, by
// table and publication. The rules are those of the server's CheckCmdReplicaIdentity() and
// RelationBuildPublicationDesc().
Array<BrokenWrite> read_broken_writes(std::span<const Identity> identities, const PublicationIntent &intent);

// The partitioned tables that the publication lists with a column list or row filter; sorted.
Array<::Oid> read_narrowed_roots(::Oid publication);

// The tables whose changes these publications publish, partitions instead of partitioned tables; sorted.
Array<::Oid> read_published_tables(std::span<const ::Oid> publications);

} // namespace dj_deploy
