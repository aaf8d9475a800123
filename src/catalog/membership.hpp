// What a publication holds.
#pragma once

#include "catalog/tables.hpp"

namespace dj_deploy {

struct Publication {
    ::Oid oid; // InvalidOid when there is none of that name
    bool is_owned;
    const char *for_all; // "FOR ALL TABLES" or "FOR ALL SEQUENCES" (19 and later), else null
    bool has_schema;     // TABLES IN SCHEMA of the schema asked about
    bool is_empty;       // neither tables nor schemas
    bool has_writes;     // publishes updates or deletes
    bool has_generated;  // publishes stored generated columns (18 and later)
};

// The publication of that name, which need not exist.
Publication read_publication(const char *name, ::Oid schema);

struct Member {
    ::Oid table;
    bool is_plain; // without column list and row filter
};

// The tables that are listed in the publication, by OID; none for InvalidOid.
Array<Member> read_members(::Oid publication);

// The table's entry; null when it is not listed.
const Member *find_member(std::span<const Member> members, ::Oid table);

// The topmost partitioned table above a partition; the table itself when it is none.
::Oid root_of(const Table &table);

// Whether the table is published through a partitioned table that is listed.
bool has_listed_ancestor(const Table &table, std::span<const Member> members);

// Those of the tables whose UPDATE and DELETE fail as soon as a publication of writes holds them, or their
// root, without a column list: they have no usable replica identity, or (18 and later) one with generated
// columns that are not published. Sorted.
Array<::Oid> read_unidentified(std::span<const ::Oid> tables, bool has_generated);

} // namespace dj_deploy
