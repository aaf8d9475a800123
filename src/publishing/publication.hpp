// A publication by itself, whatever it lists.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

struct Publication {
    ::Oid oid; // of one that does not exist yet any that no publication has
    const char *name;
    ::Oid owner;
    bool is_insert; // it publishes INSERTs, and so on
    bool is_update;
    bool is_delete;
    bool is_truncate;
    bool is_via_root;      // publish_via_partition_root
    bool has_generated;    // publishes stored generated columns (18 and later)
    bool is_for_all;       // FOR ALL TABLES
    bool is_for_sequences; // FOR ALL SEQUENCES (19 and later)

    bool has_writes() const { return is_update || is_delete; }
    // Of which nothing can be listed: "FOR ALL TABLES" or "FOR ALL SEQUENCES", else null.
    const char *for_all() const
    {
        return is_for_all ? "FOR ALL TABLES" : is_for_sequences ? "FOR ALL SEQUENCES" : nullptr;
    }
};

// What a publication can publish, as it is called in statements and documents.
struct PublicationOperation {
    const char *name;
    bool Publication::*is_published;
};

constexpr std::array publication_operations = std::to_array<PublicationOperation>({
    {"insert", &Publication::is_insert},
    {"update", &Publication::is_update},
    {"delete", &Publication::is_delete},
    {"truncate", &Publication::is_truncate},
});

// insert, update
const char *operations_of(const Publication &publication);

// The same with the operations of another one.
Publication with_operations(Publication publication, const Publication &other);

// One that does not exist yet, with the options that ours are made with: all operations, and partitions under
// the name of their root, so that a subscriber needs no table for each.
Publication publication_to_make(::Oid number, const char *name);

// Those with these OIDs, which are sorted, and those FOR ALL TABLES or FOR ALL SEQUENCES; by OID.
Array<Publication> read_publications(std::span<const ::Oid> oids);

// Whether there is one that has writes.
bool is_any_of_writes();

// The publication of that name, or with that OID; none when it does not exist.
std::optional<Publication> read_publication(const char *name);
std::optional<Publication> read_publication(::Oid oid);

// Whether the caller has the rights of its owner.
bool is_owned(const Publication &publication);

// Whether it is defined with TABLES IN SCHEMA of that schema.
bool publishes_schema(::Oid publication, ::Oid schema);

// A schema that a publication publishes as a whole.
struct PublishedSchema {
    ::Oid publication;
    ::Oid schema;
};

// Of these schemas, which are sorted; by publication and schema.
Array<PublishedSchema> read_published_schemas(std::span<const ::Oid> schemas);

// The publications that publish schemas as a whole, by OID, each once.
Array<::Oid> read_schema_publications();

// Whether it lists neither tables nor schemas.
bool is_empty(::Oid publication);

} // namespace dj_deploy
