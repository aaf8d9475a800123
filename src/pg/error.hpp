// Errors that outlive the frame that caught them.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// The error with everything that it points to, in the current memory context. The server's own copy leaves
// the place in the source where it lies, and that of another process lies in the message that brought it.
::ErrorData *copy_whole(const ::ErrorData &error);

} // namespace dj_deploy
