// Texts may hold anything, so they are cut between characters of the database's encoding.
#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

constexpr const char *ellipsis = "...";

} // namespace

const char *shorten(const char *text, int most)
{
    const int length = static_cast<int>(std::string_view(text).size());
    return length <= most ? text : ::psprintf("%.*s%s", ::pg_mbcliplen(text, length, most), text, ellipsis);
}

Excerpt Excerpt::of(const char *statement, int position)
{
    const int length = static_cast<int>(std::string_view(statement).size());
    const int before = ::pg_mbcharcliplen(statement, length, position - 1);
    const int start = ::pg_mbcliplen(statement, length, std::max(before - longest_shown_statement / 2, 0));
    const char *shown = shorten(statement + start, longest_shown_statement);
    if (start == 0)
        return {.text = shown, .position = position};
    return {.text = ::psprintf("%s%s", ellipsis, shown),
            .position = position - ::pg_mbstrlen_with_len(statement, start) +
                        static_cast<int>(std::string_view(ellipsis).size())};
}

} // namespace dj_deploy
