// HAND OVER: the caller's session, which a worker takes over, so that a statement does there what it would do
// here: user, role and settings. Text is in the database's encoding.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// The session user, the role and the settings of this session that a new session would not have by itself.
std::string_view read_session();

// Makes this process, which has connected as the one who authenticated, the same: raises what SET ROLE and
// SET SESSION AUTHORIZATION raise, and warns of a setting that cannot be made. Begins and ends a transaction.
void take_over_session(std::string_view bytes);

} // namespace dj_deploy
