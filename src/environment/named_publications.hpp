// The publications that an environment document speaks of.
#pragma once

#include "request/environment.hpp"

namespace dj_deploy {

// Each once, by name, with what the document says of it.
Array<PublicationSettings> named_publications(const Environment &environment);

// Whether the settings of a schema or table list the publication.
bool lists(const Settings &settings, const char *publication);

} // namespace dj_deploy
