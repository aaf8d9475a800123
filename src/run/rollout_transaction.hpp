// One statement of a rollout in a transaction of its own.
#pragma once

#include "run/durability.hpp"
#include "run/failures.hpp"
#include "run/rollout_statement.hpp"

namespace dj_deploy {

enum class Result { done, busy, gone, failed };

// Executes the statement if its locks are free at that moment; the table is InvalidOid when it is about none.
// Another transaction in the way makes it busy, any other error failed, of which the failures are told. After
// a cancel an error ends the rollout.
Result execute_if_free(const Statement &statement, ::Oid table, Failures &failures, Durability &durability);

// Ends the transaction of a statement that has had this result. What fails at its COMMIT has failed, or is
// busy, like anything else.
Result commit_statement(const Statement &statement, Result result, Failures &failures,
                        Durability &durability);

} // namespace dj_deploy
