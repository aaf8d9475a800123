// The one statement that does what findings propose, and what it changes.
#pragma once

#include "checks/finding.hpp"

namespace dj_deploy {

struct Remedy {
    const char *statement; // null where there is none
    Intent intent;
    bool is_opaque = false; // what it changes is not in the intent: a column's type, a primary key
};

// What the findings, which propose the same, are mended with, where the base has been done before.
Remedy remedy_for(const Review &review, const Intent &base, std::span<const Finding *const> findings,
                  std::size_t proposal);

// The same for all tables of their schemas at once, whichever they are; without a statement where there is no
// such call, or where fewer than half of them have the finding.
Remedy whole_schema_remedy(const Review &review, const Intent &base, std::span<const Finding *const> findings,
                           std::size_t proposal);

} // namespace dj_deploy
