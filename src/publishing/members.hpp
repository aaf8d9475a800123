// The tables that publications list, for whoever changes them.
#pragma once

#include "publishing/facts.hpp"

namespace dj_deploy {

struct Member {
    ::Oid table;
    bool is_plain; // without column list and row filter
};

struct Members {
    Array<Member> listed;  // by OID
    Array<::Oid> narrowed; // see below, by OID

    // Nothing is listed yet in a publication that does not exist.
    static Members of(const Publication &publication);

    // These, by OID, in a publication that is one through the root or not.
    static Members of(const Array<Member> &listed, bool is_via_root);

    // The table's entry; null when it is not listed.
    const Member *find(::Oid table) const;

    // Whether a partitioned table above the partition is listed.
    bool holds_above(::Oid table) const;

    // Whether a partition below the table is listed with a column list or row filter that would no longer
    // count if the table were listed, because the publication is one through the root.
    bool is_narrowed_below(::Oid table) const;
};

// What each of several publications lists.
struct Memberships {
    // Of publications by OID; reads each row once.
    static Memberships of(std::span<const ::Oid> publications);

    // By the OID of the table.
    std::span<const Member> of(::Oid publication) const;

private:
    struct Entry {
        ::Oid publication;
        std::size_t first; // of its members
        std::size_t count;
    };
    Array<Entry> entries;  // by publication
    Array<Member> members; // by publication and table
};

// The column list and row filter with which a table is listed, as they stand in a statement after its name:
//  ("a", "b") WHERE (a > 0)
// Empty when it is listed without.
const char *read_narrowing(const char *publication, ::Oid table);

} // namespace dj_deploy
