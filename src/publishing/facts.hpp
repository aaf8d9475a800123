// What the catalogs say of tables and of the publications that list them, read once, from memberships and
// not from tables x publications. What follows from it is said in scenario.hpp.
#pragma once

#include "publishing/lookups.hpp"

namespace dj_deploy {

// The column list and row filter with which a publication lists a table; there is at least one of them.
struct Narrowing {
    bool has_list;
    bool has_filter;
    ::Bitmapset *list;        // numbers of the columns, where there is a list
    ::Bitmapset *filter_uses; // numbers of the columns that the filter reads
};

// That a publication lists or excepts a table. Tables that are listed alike may share theirs.
struct Listing {
    ::Oid publication;
    bool is_excepted;           // FOR ALL TABLES EXCEPT (19 and later)
    const Narrowing *narrowing; // null where the table is listed whole, as nearly everywhere
};

struct Relation {
    ::Oid oid;
    ::Oid schema;
    char kind;        // as in pg_class.relkind
    char persistence; // as in pg_class.relpersistence
    char identity;    // as in pg_class.relreplident
    bool is_partition;
    std::span<const ::Oid> ancestors;  // the partitioned tables above it, its root last
    std::span<const Listing> listings; // by publication

    bool is_leaf() const { return kind == RELKIND_RELATION; }
    ::Oid root() const { return ancestors.empty() ? oid : ancestors.back(); }
};

// Of the tables asked about and those above them.
struct Facts {
    Array<Publication> publications; // that list one of them or publish its schema, and those FOR ALL; by OID
    Array<Relation> relations;       // by OID

    // Facts about these tables and foreign tables, which need neither exist nor be sorted; and these
    // publications, whatever they publish.
    static Facts read(std::span<const ::Oid> tables, std::span<const ::Oid> others = {});

    // Null for one that was not asked about, or is gone.
    const Relation *find(::Oid table) const;
    const Publication *publication(::Oid oid) const;

    // The publications of TABLES IN SCHEMA, by OID.
    std::span<const ::Oid> publications_of_schema(::Oid schema) const;

    // Looked up where it matters, and kept.
    const Keys &keys(const Relation &relation) const;
    std::span<const GeneratedColumn> generated(const Relation &relation) const;

private:
    struct SchemaPublications {
        ::Oid schema;
        std::span<const ::Oid> publications;
    };
    Array<SchemaPublications> schemas; // by OID
    // For each relation, null until asked for.
    Array<const Keys *> known_keys;
    Array<const Array<GeneratedColumn> *> known_generated;
    ::MemoryContext context;
};

} // namespace dj_deploy
