// THE GUARD: whatever a check proposes is offered only where it does no harm. No check decides that by
// itself.
#pragma once

#include "checks/check.hpp"
#include "checks/remedy.hpp"

namespace dj_deploy {

struct Verdict {
    bool is_safe;
    bool leads_on;      // to an error that was not there, which has a remedy
    const char *reason; // why it is not safe, a sentence; null where its own finding would only stay
};

// Whether, after the base, the remedy makes no write fail that works, takes nothing from consumers, and
// renames or exposes nothing; whether the findings are gone then; and whether it leads to no error that has
// no remedy. Looks at these subjects, and at all tables that the remedy is about. Findings are sorted by
// object.
Verdict judge(const Review &review, const Intent &base, const Check &check,
              std::span<const Finding *const> findings, const Remedy &remedy,
              const Array<const Subject *> &subjects);

// Whether tables besides those of the findings have no error or warning after it that they do not have
// before.
bool leaves_others_alone(const Review &review, const Intent &base, std::span<const Finding *const> findings,
                         const Remedy &remedy);

} // namespace dj_deploy
