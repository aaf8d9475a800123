// A publication takes in a table without the tables that inherit from it, which may hold its rows.
#pragma once

#include "plan/plan.hpp"
#include "publishing/members.hpp"

namespace dj_deploy {

// WARNING about tables that the changes add to the publication, and from which tables inherit that it will
// not hold: the members are those without these changes.
void warn_of_unpublished_heirs(const Publication &publication, const Members &members,
                               std::span<const Change> changes, Plan &plan);

} // namespace dj_deploy
