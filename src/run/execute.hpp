// Changes shown or made. Both give the same statements in the same order.
#pragma once

#include "plan/change.hpp"

namespace dj_deploy {

struct Outcome {
    Array<const char *> statements;
    std::int32_t modified;
};

// The statements, with a WARNING for each reason for which execute() would refuse.
Outcome preview(std::span<const Change> changes);

// Refuses before the first statement (42501, 53400); then locks and changes table after table in the caller's
// transaction. A table that was renamed since the plan is changed under its new name, one that was dropped is
// skipped with a NOTICE. 55P03 when a lock is not to be had in time.
Outcome execute(std::span<const Change> changes);

} // namespace dj_deploy
