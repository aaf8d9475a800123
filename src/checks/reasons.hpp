// Why a remedy is not offered, in a sentence.
#pragma once

#include "checks/review.hpp"
#include "publishing/harm.hpp"

namespace dj_deploy {

// How it begins, by what the remedy sets: "With FULL".
const char *start_of(const Intent &intent);

// What the harm is that the intent would do. "after" is the scenario with it.
const char *reason_of(const Review &review, const HarmDone &done, const Intent &intent,
                      const Scenario &after);

} // namespace dj_deploy
