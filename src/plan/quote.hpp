// The only quoting. quote_identifier() of the server is not used: what it quotes depends on settings.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// Always double-quoted, inner quotes doubled: "a""b"
void append_identifier(::StringInfo text, const char *name);

// "lab"."session"
void append_qualified_name(::StringInfo text, const char *schema, const char *name);

// 'auto', quotes doubled; for text without backslashes, whose meaning depends on a setting.
void append_literal(::StringInfo text, const char *value);

// Names as strings of their own.
const char *identifier(const char *name);
const char *qualified_name(const char *schema, const char *name);

// For reports, as a person writes it: quoted where it must be, or where quote_all_identifiers says so. What
// has been dropped meanwhile, and has no name any more, is "?".
const char *shown_identifier(const char *name);
const char *shown_name(const char *schema, const char *name);

// 'text', as quote_literal() has it, whatever the text.
const char *literal(const char *value);

// A finished text without the room that a StringInfo, which starts with a kilobyte, holds ready; frees the
// original.
const char *exact_copy(const ::StringInfoData &text);

} // namespace dj_deploy
