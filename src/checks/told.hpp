// What checks find in one scenario, to be compared with what they find in another.
#pragma once

#include "checks/check.hpp"

namespace dj_deploy {

struct Told {
    const Check *check;
    Finding finding;
};

// What the checks of these severities find that a remedy may bring findings of, by check, object and
// publication.
Array<Told> find_all(const Review &review, const char *severities);

// Whether one of them is of the same check, about the same object and publication.
bool is_known(const Array<Told> &known, const Told &told);

} // namespace dj_deploy
