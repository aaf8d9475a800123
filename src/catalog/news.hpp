// What other sessions change in the catalogs that a plan rests on, as the server tells it. It tells every
// session of all changes in the cluster, and a plan is not worth less for a temporary table elsewhere.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// How much of it this session has heard.
struct CatalogNews {
    std::uint64_t messages;  // about anything, anywhere
    std::uint64_t changes;   // of roles, schemas, publications and the like, or of nobody knows what
    std::uint64_t relations; // messages about a relation of this database

    // All that there is to hear.
    static CatalogNews now();

    // What has been heard on the way, once now() was called in this session.
    static CatalogNews so_far();

    // Whether nothing was heard between the two that could rename anything.
    bool is_quiet_until(const CatalogNews &later) const
    {
        return changes == later.changes && relations == later.relations;
    }

    // Whether there may have been a change since then that counts: not those of temporary relations, and of
    // those that are gone only where is_needed(oid).
    template <class IsNeeded>
    bool is_outdated(IsNeeded &&is_needed) const
    {
        const CatalogNews heard = now();
        if (heard.changes != changes || heard.relations - relations > most_relations)
            return true;
        for (const ::Oid relation : relations_since(heard)) {
            const ::Oid schema = ::get_rel_namespace(relation);
            if (OidIsValid(schema) ? !::isAnyTempNamespace(schema) : is_needed(relation))
                return true;
        }
        return false;
    }

private:
    static constexpr std::size_t most_relations = 64;

    Array<::Oid> relations_since(const CatalogNews &heard) const;
};

} // namespace dj_deploy
