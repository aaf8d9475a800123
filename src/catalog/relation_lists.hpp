// The access control lists of relations of whatever kind.
#pragma once

#include "catalog/held_lists.hpp"

namespace dj_deploy {

// Of those of the relations, whose OIDs are sorted, that have one; of neighbours with the same list it is
// there once.
Array<OwnedList> read_relation_lists(std::span<const ::Oid> relations);

} // namespace dj_deploy
