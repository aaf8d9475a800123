// What a change of tables and publications would do to writes and to consumers. Whoever changes something,
// or advises to, asks here.
#pragma once

#include "publishing/scenario.hpp"

namespace dj_deploy {

enum class Harm : std::int32_t {
    none,
    write_fails, // an UPDATE or DELETE that worked begins to fail
    stops,       // changes that arrived no longer do
    fewer,       // operations, rows or columns that arrived no longer do
    renamed,     // they arrive under another name
    exposed,     // rows or columns arrive that a filter or list has kept in
    widened,     // generated columns arrive that did not: a subscription without them stops
    mixed,       // a second publication publishes the table otherwise: consumers of both get something else
    weakened,    // old rows arrive with fewer columns, or with another key
};

struct HarmDone {
    Harm harm;
    const Relation *table;          // that holds the rows; null where there is no harm
    const Publication *publication; // as it will be, or was where it stops
    const Relation *as;             // renamed: the table whose name changes will have
    BrokenWrite write;              // write_fails: which begins to fail
};

// Every harm that comes to a table between two scenarios of the same facts; none to a table that holds no
// rows. Those to consumers: one for each publication and kind. Who sets another identity may want what
// weakens old rows; a remedy does not.
Array<HarmDone> find_harms(const Scenario &before, const Scenario &after, const Relation &table);
Array<HarmDone> find_consumer_harms(const Scenario &before, const Scenario &after, const Relation &table);

// The writes on the table that begin to fail, by publication. Those of one publication may have failed
// before, because of another one.
Array<BrokenWrite> find_begun(const Scenario &before, const Scenario &after, const Relation &table);

// Whether a consumer of both publications receives the table as a consumer of either does. Where it does not,
// decoding may fail.
bool go_together(const Scenario &scenario, const Publishing &left, const Publishing &right,
                 const Relation &table);

// "UPDATE", "DELETE" or "UPDATE and DELETE".
const char *commands_of(const BrokenWrite &write);

} // namespace dj_deploy
