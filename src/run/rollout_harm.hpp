// What the statements of a kept plan, which may be old, do to writes and to consumers.
#pragma once

#include "request/statements.hpp"

namespace dj_deploy {

// WARNINGs, as of the operation that would plan these statements now: of writes that begin to fail, and of
// changes that no longer reach a consumer, or in another way, once all of them are executed.
void warn_of_harm(const StatementList &list);

} // namespace dj_deploy
