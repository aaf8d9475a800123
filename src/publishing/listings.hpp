// What publications list of tables.
#pragma once

#include "publishing/facts.hpp"

namespace dj_deploy {

// Gives each relation what lists it, by publication. The OIDs are those of the relations and others, sorted.
void add_listings(Array<Relation> &relations, std::span<const ::Oid> oids);

} // namespace dj_deploy
