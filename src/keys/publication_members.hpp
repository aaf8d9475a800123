// What one publication of a document lists, and is to list: it costs that much, however many publications and
// tables there are.
#pragma once

#include "keys/publication_desired.hpp"
#include "keys/publication_facts.hpp"

namespace dj_deploy {

// Adds to the draft what the publication gets and loses, and returns what it will list. 55000 where it
// publishes all tables, or a schema as a whole.
Members plan_members(Draft &draft, const DesiredMembers &desired, const KnownMembers &known,
                     const NamedPublication &publication);

} // namespace dj_deploy
