// What the catalogs say of the publications of a document, read once for all of them.
#pragma once

#include "keys/publications.hpp"
#include "publishing/members.hpp"

namespace dj_deploy {

// A publication as it is and, where the plan makes or changes it, as it will be.
struct NamedPublication {
    Publication known; // without OID when it does not exist
    ::Oid oid;         // of one that does not exist the number that stands for it
    bool is_via_root;  // as it will be

    // Those that the document names, by name; their options are planned already.
    static Array<NamedPublication> all_of(const Draft &draft);
};

// What they list, and publish as a whole.
struct KnownMembers {
    Memberships memberships;
    Array<PublishedSchema> schemas; // of the document, that are published as a whole; by publication
    Array<::Oid> of_schemas;        // where a publication lists no table, all that publish schemas; by OID

    static KnownMembers read(const Draft &draft, std::span<const NamedPublication> publications);

    bool publishes_schemas(::Oid publication) const;
    bool is_empty(::Oid publication) const;
};

} // namespace dj_deploy
