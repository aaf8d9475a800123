// Strings in a message, each with a zero at its end.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

inline void append_string(::StringInfo bytes, const char *string)
{
    ::appendBinaryStringInfo(bytes, string, static_cast<int>(::strlen(string)) + 1);
}

// Takes the first one off; it stays where it is.
inline const char *take_string(std::string_view &bytes)
{
    const char *string = bytes.data();
    bytes.remove_prefix(::strlen(string) + 1);
    return string;
}

} // namespace dj_deploy
