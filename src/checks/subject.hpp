// What check_cdc looks at: the tables of schemas, their partitions and the tables that inherit from them,
// wherever those live.
#pragma once

#include "catalog/tables.hpp"
#include "plan/about.hpp"
#include "publishing/scenario.hpp"

namespace dj_deploy {

struct Subject {
    const Relation *relation;
    const char *name; // as SQL writes it: lab.session
    About about;
    const Subject *root;    // of a partition; null when it is none, or belongs to another schema's table
    const Subject *heir_of; // the user table whose rows it holds by inheritance; null when there is none
    Array<const Subject *> parents; // all such tables, by name
    bool is_home;                   // lives in one of the schemas
    bool is_hidden;
    bool is_member;           // of an extension
    const char *large;        // columns whose values may be stored out of line, of any length; null without
    const char *incomparable; // columns of types without equality, with their types
    const char *unsupported;  // columns of types that Lakehouse Sync does not list, with their types
    const char *key_index;    // a unique index that could be the primary key
    const char *to_jsonb; // the statement that makes json columns jsonb; null where others are incomparable
    bool has_blob;
    std::int64_t toast_bytes; // stored out of line, dead rows included

    // The schema that it is told of with: its root's, unless it is its own root (while it is being detached),
    // or its heir_of's.
    ::Oid home() const
    {
        const Subject *above = root != nullptr && root != this ? root : heir_of;
        return above != nullptr ? above->home() : relation->schema;
    }
    bool is_table() const { return relation->kind != RELKIND_FOREIGN_TABLE; }
    // What is to be published and identified by itself.
    bool is_user() const
    {
        return is_home && !is_hidden && !is_member && !relation->is_partition && is_table();
    }
    // Holds rows whose changes are in the WAL, or would be if it were logged.
    bool is_leaf() const { return relation->is_leaf(); }
};

struct Subjects {
    Facts facts;
    Array<Subject> items; // by name and schema, in byte order; those of other schemas that inherit last

    // Of the schemas, with the facts of the tables of the publications that are whole, and about one more
    // publication, if there is one of that name.
    static Subjects read(const Target &schemas, std::span<const Publication> whole, const char *publication);

    // Null for one that is no subject.
    const Subject *find(::Oid table) const;

    // The tables that hold rows of the tree that the table belongs to, subjects or not.
    Array<const Relation *> tree_of(const Relation &table) const;

    // The subjects that hold the table's rows: itself, or the partitions of a root. Of a partitioned table
    // below a root there are none.
    std::span<const Subject *const> leaves(const Subject &subject) const;

private:
    struct Place {
        ::Oid table;
        std::size_t index;
    };
    Array<Place> places;            // by table
    Array<const Subject *> by_root; // those that hold rows, by their root
    Array<const Subject *> themselves;

    void index_items();
    void index_leaves();
};

} // namespace dj_deploy
