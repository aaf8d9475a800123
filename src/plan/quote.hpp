// The only quoting. quote_identifier() of the server is not used: what it quotes depends on settings.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// Always double-quoted, inner quotes doubled: "a""b"
void append_identifier(::StringInfo text, const char *name);

// "lab"."session"
void append_qualified_name(::StringInfo text, const char *schema, const char *name);

} // namespace dj_deploy
