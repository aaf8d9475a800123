// What a statement changes, in few words, for a row that has the table and schema in columns of their own.
#pragma once

#include "run/rollout_statement.hpp"

namespace dj_deploy {

// The words that apply has for the same, as far as the statement tells.
const char *change_of_statement(const Statement &statement);

// future tables of "ana", and GRANT SELECT TO "analyst"; nulls for any statement but default privileges.
struct FutureThings {
    const char *object = nullptr;
    const char *change = nullptr;

    static FutureThings of(const Statement &statement);
};

} // namespace dj_deploy
