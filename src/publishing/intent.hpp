// What is to become of tables and publications.
#pragma once

#include "publishing/publication.hpp"

namespace dj_deploy {

template <class Item>
void append(Array<Item> &items, const Array<Item> &others)
{
    for (const Item &item : others)
        items.push(item);
}

// A replica identity.
struct Identity {
    ::Oid table;
    char kind;   // as in pg_class.relreplident
    ::Oid index; // of kind 'i'; InvalidOid when it was dropped
};

struct Narrowing;

struct PublicationMember {
    ::Oid publication;
    ::Oid table;
    const Narrowing *narrowing = nullptr; // of one that is added, if any
};

// What is to become of tables and publications, where it differs from what is.
struct Intent {
    Array<Identity> identities;
    Array<Publication> publications;  // changed or new
    Array<PublicationMember> added;   // to what is listed
    Array<PublicationMember> dropped; // what is added and dropped is added anew
    Array<::Oid> logged;              // tables that are unlogged now
    Array<::Oid> removed;             // publications

    bool is_empty() const;
    void absorb(const Intent &other);
};

} // namespace dj_deploy
