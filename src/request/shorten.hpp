// What the caller sent, as messages show it: a key of 10 MB must not make a message of 10 MB.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

constexpr int longest_shown_name = NAMEDATALEN - 1; // bytes, as the next
constexpr int longest_shown_statement = 500;

// The text itself, or its beginning and "..." when it has more bytes; ends on a whole character.
const char *shorten(const char *text, int most = longest_shown_name);

// What is shown of a statement around a position, which counts characters from 1.
struct Excerpt {
    const char *text;
    int position; // of the same character in the excerpt

    static Excerpt of(const char *statement, int position);
};

} // namespace dj_deploy
