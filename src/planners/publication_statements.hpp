// The kinds of statement about publications.
#pragma once

#include "plan/statement_kind.hpp"

namespace dj_deploy {

extern const StatementKind publication_creation;
extern const StatementKind publication_removal; // undoes a creation
extern const StatementKind option_change;
extern const StatementKind member_addition;
extern const StatementKind member_removal;

} // namespace dj_deploy
