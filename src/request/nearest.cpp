// By Levenshtein distance, as the server's own hints about columns.
#include "request/nearest.hpp"

namespace dj_deploy {

namespace {

constexpr std::size_t most_hints = 3;

struct NearName {
    int distance;
    const char *name;
};

} // namespace

const char *nearest_names(std::string_view given, std::span<const char *const> known, const char *prefix)
{
    Array<NearName> near;
    const int length = static_cast<int>(given.size());
    int furthest = 1 + length / 3;
    for (const char *name : known) {
        if (length >= NAMEDATALEN)
            continue;
        const int distance = ::varstr_levenshtein_less_equal(
            given.data(), length, name, static_cast<int>(::strlen(name)), 1, 1, 1, furthest, false);
        if (distance <= furthest)
            near.push({.distance = distance, .name = name});
        furthest = std::min(furthest, distance + 2);
    }
    std::sort(near.begin(), near.end(), [](const NearName &left, const NearName &right) {
        return left.distance != right.distance ? left.distance < right.distance
                                               : ::strcmp(left.name, right.name) < 0;
    });
    while (!near.is_empty() && near[near.count - 1].distance > furthest)
        near.count--;

    const std::size_t count = std::min(near.count, most_hints);
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (std::size_t index = 0; index < count; index++)
        ::appendStringInfo(&text, "%s\"%s%s\"",
                           index == 0          ? ""
                           : index + 1 < count ? ", "
                                               : " or ",
                           prefix, near[index].name);
    return count == 0 ? nullptr : text.data;
}

} // namespace dj_deploy
