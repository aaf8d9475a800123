// A set of OIDs that finds one at once however many there are.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

struct OidSet {
    ::HTAB *table;

    // In the current memory context, until destroy() or the context's end.
    static OidSet make(const char *name)
    {
        ::HASHCTL settings{};
        settings.keysize = settings.entrysize = sizeof(::Oid);
        settings.hcxt = ::CurrentMemoryContext;
        return {::hash_create(name, 256, &settings, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT)};
    }

    // True when it was not there yet.
    bool add(::Oid oid) const
    {
        bool is_found = false;
        ::hash_search(table, &oid, ::HASH_ENTER, &is_found);
        return !is_found;
    }

    // True when it was there.
    bool remove(::Oid oid) const { return ::hash_search(table, &oid, ::HASH_REMOVE, nullptr) != nullptr; }
    bool has(::Oid oid) const { return ::hash_search(table, &oid, ::HASH_FIND, nullptr) != nullptr; }
    void destroy() const { ::hash_destroy(table); }
};

} // namespace dj_deploy
