// The publications and replica identities as an intent leaves them.
#pragma once

#include "publishing/facts.hpp"
#include "publishing/intent.hpp"

namespace dj_deploy {

// By OID: those of the facts as they are, or as they are changed to, those that are made or get tables, and
// none that is removed.
Array<Publication> publications_of(const Facts &facts, const Intent &intent);

// By table; of two for the same the later one.
Array<Identity> identities_of(const Intent &intent);

} // namespace dj_deploy
