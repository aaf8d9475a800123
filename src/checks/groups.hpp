// Findings of a check that are the same and mended alike.
#pragma once

#include "checks/check.hpp"

namespace dj_deploy {

struct Group {
    const Check *check;
    Array<const Finding *> findings;
    std::size_t proposal; // the number of them when none can be offered
    const char *reason;   // why the first of them cannot; null when it can, or would only change nothing
};

// What the check finds, each with the first of its proposals that does no harm by itself, put together.
Array<Group> groups_of(const Review &review, const Check &check);

// What is told of several tables at once.
const char *common_of(const Finding &finding);

// What a remedy for the findings may touch: the tables, those above them and the partitions; each once.
Array<const Subject *> around(const Review &review, std::span<const Finding *const> findings);

} // namespace dj_deploy
