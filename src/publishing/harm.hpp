// What a change of tables and publications would do to writes and to consumers. Whoever changes something,
// or advises to, asks here.
#pragma once

#include "publishing/scenario.hpp"

namespace dj_deploy {

enum class Harm : std::int32_t {
    none,
    write_fails, // an UPDATE or DELETE that worked begins to fail
    stops,       // changes that arrived no longer do
    renamed,     // they arrive under another name
    exposed,     // rows or columns arrive that a filter or list has kept in
    mixed,       // a second publication publishes the table otherwise: consumers of both get something else
    weakened,    // old rows that arrived whole arrive with no more than their key
};

struct HarmDone {
    Harm harm;
    const Relation *table;          // that holds the rows; null where there is no harm
    const Publication *publication; // as it will be, or was where it stops
    const Relation *as;             // renamed: the table whose name changes will have
    BrokenWrite write;              // write_fails: which begins to fail
};

// The first harm that comes to these tables between two scenarios of the same facts, or none. Tables that
// hold no rows are passed over.
HarmDone find_harm(const Scenario &before, const Scenario &after, const Relation &table);

// The write on the table that begins to fail, if one does. That of one publication may have failed before,
// because of another one.
std::optional<BrokenWrite> find_begun(const Scenario &before, const Scenario &after, const Relation &table);

// Old rows that a consumer of a publication receives whole, and no longer would. Who sets another identity
// wants that; a remedy does not.
HarmDone find_weakening(const Scenario &before, const Scenario &after, const Relation &table);

// Every harm to a consumer that comes to the table: one for each publication.
Array<HarmDone> find_consumer_harms(const Scenario &before, const Scenario &after, const Relation &table);

// "UPDATE", "DELETE" or "UPDATE and DELETE".
const char *commands_of(const BrokenWrite &write);

} // namespace dj_deploy
