// What a plan of rollout is about to do to tables and publications.
#pragma once

#include "publishing/intent.hpp"
#include "request/statements.hpp"

namespace dj_deploy {

struct PlanIntent {
    Intent intent;
    Array<::Oid> tables;      // that the statements name
    Array<const char *> made; // names of publications
};

PlanIntent read_intent(const StatementList &list);

} // namespace dj_deploy
