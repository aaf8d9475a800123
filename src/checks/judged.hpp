// Which publications a review judges, and which of them the tables of a schema are to join.
#pragma once

#include "checks/review.hpp"

namespace dj_deploy {

// By name. Lakehouse Sync needs no publication; one that the call names is judged all the same.
Array<const Publication *> judged_publications(const Review &review);

// For each home the publication that has most members there; where none has any, most of all.
Array<Choice> chosen_publications(const Review &review);

} // namespace dj_deploy
