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
    bool is_via_root;    // publish_via_partition_root
};

// The publication of that name, which need not exist.
Publication read_publication(const char *name, ::Oid schema);

struct Member {
    ::Oid table;
    bool is_plain; // without column list and row filter
};

// The tables that are listed in a publication.
struct Listing {
    Array<Member> members; // by OID
    Array<::Oid> narrowed; // see below, by OID

    // As it will be when these tables are added, without column list and row filter, and these are dropped.
    // Both are sorted. Nothing is listed yet in a publication that does not exist.
    static Listing of(const Publication &publication, std::span<const ::Oid> coming = {},
                      std::span<const ::Oid> going = {});

    // The table's entry; null when it is not listed.
    const Member *find(::Oid table) const;

    // Whether a partitioned table above the partition is listed.
    bool holds_above(::Oid table) const;

    // Whether a partition below the table is listed with a column list or row filter that would no longer
    // count if the table were listed, because the publication is one through the root.
    bool is_narrowed_below(::Oid table) const;
};

// The column list and row filter with which a table is listed, as they stand in a statement after its name:
//  ("a", "b") WHERE (a > 0)
// Empty when it is listed without.
const char *read_narrowing(const char *publication, ::Oid table);

// The partitioned tables above a partition, its root last. None for a table that is no partition, has been
// detached or dropped, or whose detachment is not finished.
Array<::Oid> read_ancestors(::Oid table);

// Those of the tables whose UPDATE and DELETE fail as soon as a publication of writes holds them, or their
// root, without a column list: they have no usable replica identity, or (18 and later) one with generated
// columns that are not published. Sorted.
Array<::Oid> read_unidentified(std::span<const ::Oid> tables, bool has_generated);

} // namespace dj_deploy
