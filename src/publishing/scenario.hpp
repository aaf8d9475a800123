// The server's rules of what is published as what, and which writes fail: for the tables and publications as
// they are, or as they would be. Each rule stands here and nowhere else.
#pragma once

#include "publishing/facts.hpp"
#include "publishing/intent.hpp"

namespace dj_deploy {

enum class WriteHazard : std::int32_t {
    none,
    no_identity,      // nothing identifies the row: NOTHING, or DEFAULT without a key
    column_list,      // the column list leaves out columns of the identity
    row_filter,       // the row filter reads columns outside the identity
    generated_column, // the identity holds generated columns that are not published (18 and later)
};

// A table whose UPDATE or DELETE fails, and the publication that makes it fail.
struct BrokenWrite {
    const Relation *table;
    const Publication *publication;
    const Relation *published_as;
    bool is_update; // the publication publishes updates
    bool is_delete; // the publication publishes deletes
    WriteHazard hazard;
};

// How a publication publishes a table that holds rows.
struct Publishing {
    const Publication *publication;
    const Relation *as;         // under whose name changes arrive: its own, or a table's above it
    const Narrowing *narrowing; // that writes must go with; null where there is none
    const Narrowing *delivered; // that of what arrives; null also where the schema is published as a whole
};

// What identifies a row for a publication of writes.
struct IdentityColumns {
    bool is_full;
    bool is_missing; // nothing does
    Columns key;     // unless it is full or missing
};

struct Scenario {
    const Facts *facts;

    // As it is, but for the intent.
    static Scenario of(const Facts &facts, const Intent &intent = {});

    // By OID; those that the intent makes have theirs.
    std::span<const Publication> publications() const { return all.view(); }
    const Publication *publication(::Oid oid) const;

    Identity identity(const Relation &table) const;
    IdentityColumns identity_columns(const Relation &table) const;
    bool is_permanent(const Relation &table) const;

    // The table's own entry in a publication, if it is listed.
    std::optional<Listing> listing(const Relation &table, ::Oid publication) const;

    // The publications that list the table, by OID.
    Array<::Oid> listed_in(const Relation &table) const;

    // Whether the intent adds a table to the publication.
    bool adds_to(const Publication &publication) const;

    // Whether the publication lists the table or its schema, or publishes all: whatever it is published as.
    bool holds(const Relation &table, const Publication &publication) const;

    // How each publication publishes a table, whether it holds rows or not, by OID of the publication.
    Array<Publishing> publishings(const Relation &table) const;
    Publishing publishing(const Relation &table, const Publication &publication) const;

    // The first reason for each publication why writes fail on a table that holds rows, by name.
    Array<BrokenWrite> broken_writes(const Relation &table) const;
    // The same for a publication, or for a table that differs from one that is there.
    WriteHazard hazard(const Publishing &publishing, const Relation &table,
                       const IdentityColumns &identity) const;

    // Whether a generated column reaches the consumer.
    bool shows_generated(const Publishing &publishing, const Relation &table,
                         const GeneratedColumn &column) const;

private:
    Array<Publication> all;
    Array<Identity> identities;       // by table
    Array<PublicationMember> added;   // by table and publication
    Array<PublicationMember> dropped; // by table and publication
    Array<::Oid> logged;              // sorted
    Array<::Oid> for_all;             // publications FOR ALL TABLES, by OID

    std::span<const PublicationMember> added_to(::Oid table) const;
    bool is_dropped(const Relation &table, const Listing &listing) const;
    bool is_excepted(const Relation &table, ::Oid publication) const;
    bool goes_with_full(const Relation &table) const;
    bool is_as_listed(const Relation &table) const;
    Array<Publishing> publishings_as_listed(const Relation &table) const;
    void add_candidates(const Relation &table, Array<::Oid> &candidates) const;
};

// Whether a table has a column of that name among these of its own numbers; of a table above it the numbers
// may be others.
bool covers(const Relation &from, ::Bitmapset *columns, const Relation &table, ::AttrNumber column);

} // namespace dj_deploy
