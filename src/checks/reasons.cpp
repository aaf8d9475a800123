// Why the guard withholds a remedy.
#include "checks/reasons.hpp"

#include "checks/finding.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

// How a reason begins: what the remedy sets.
const char *start_of(const Intent &intent)
{
    if (!intent.added.is_empty())
        return "Once published,";
    if (intent.identities.is_empty() || !intent.logged.is_empty())
        return "With it";
    return intent.identities[0].kind == REPLICA_IDENTITY_FULL ? "With FULL" : "With DEFAULT";
}

const char *reason_of(const Review &review, const HarmDone &done, const Intent &intent, const Scenario &after)
{
    const char *table = review.name_of(*done.table);
    const char *publication = shown_identifier(done.publication->name);
    switch (done.harm) {
    case Harm::write_fails:
        return ::psprintf("%s writes would fail, because %s (%s in publication %s).", start_of(intent),
                          reason_of(done.write.hazard, after.identity(*done.table).kind), table, publication);
    case Harm::renamed:
        return ::psprintf(
            "Changes of %s would arrive under another name from publication %s, and be lost at a "
            "subscription that has no such table.",
            table, publication);
    case Harm::exposed:
        return ::psprintf(
            "Publication %s would publish rows or columns of %s that a filter or list keeps in.", publication,
            table);
    case Harm::widened:
        return ::psprintf("Publication %s would publish generated columns of %s, and a subscription whose "
                          "table does not have them stops.",
                          publication, table);
    case Harm::weakened:
        return ::psprintf(
            "%s old rows of %s would no longer arrive whole, or with the same key, from publication %s: a "
            "subscription whose table has no such primary key stops.",
            start_of(intent), table, publication);
    case Harm::fewer:
        return ::psprintf(
            "Some operations, rows or columns of %s would no longer arrive from publication %s.", table,
            publication);
    case Harm::mixed:
        return ::psprintf(
            "Another publication publishes %s with a column list, a row filter or under another name: "
            "what a consumer of both receives would change, or decoding fail.",
            table);
    default:
        return ::psprintf("Changes of %s would no longer arrive from publication %s.", table, publication);
    }
}

} // namespace dj_deploy
