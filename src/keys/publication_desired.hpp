// What the document says of publications at schemas and tables, turned around: what it says of each
// publication.
#pragma once

#include "keys/publications.hpp"

namespace dj_deploy {

// A table at which the document says which publications hold it.
struct DecidedTable {
    ::Oid oid;
    std::size_t level;  // how many partitioned tables are above it
    std::size_t schema; // of the document's, by number
    const Table *table; // null where it is none of those that operations look at
    const PublicationNames *said;
};

struct DesiredMembers {
    // Another table, where the document says of its schema which publications hold it.
    struct Place {
        ::Oid oid;
        std::size_t schema; // by number
        const Table *table;
    };

    Array<std::size_t> schemas;  // of which the document says something, by number, in order
    Array<DecidedTable> decided; // by OID

    static DesiredMembers of(const ResolvedEnvironment &resolved);

    bool is_empty() const { return schemas.is_empty() && decided.is_empty(); }
    bool says(std::size_t schema, const char *publication) const { return said[schema]->has(publication); }
    const DecidedTable *find_decided(::Oid table) const;

    // The place of a table in the schema of its tree; null where nothing is said of that, or the table is
    // decided itself.
    const Place *find_place(::Oid table) const;

    // The tables of a schema that are not decided themselves, in order.
    const Array<const Table *> &tables_of(std::size_t schema) const { return undecided[schema]; }

    // The numbers of the schemas, and of the decided tables, that are to be members, in order.
    Array<std::size_t> schemas_with(const char *publication) const;
    Array<std::size_t> decided_with(const char *publication) const;

    // Adds the numbers of the decided tables below a table.
    void add_decided_below(::Oid table, Array<std::size_t> &numbers) const;

private:
    struct Said {
        const char *publication;
        std::size_t number; // of what it is said of
    };
    struct Below {
        ::Oid above;
        std::size_t number;
    };

    const ResolvedEnvironment *resolved;
    Array<const PublicationNames *> said;  // of each schema; null where nothing is
    Array<Array<const Table *>> undecided; // of each schema of which something is said
    Array<Place> places;                   // by OID
    Array<Said> of_schemas;                // by publication and number
    Array<Said> of_tables;
    Array<Below> below; // by the table above

    void read_decided();
    void read_schemas();
};

} // namespace dj_deploy
