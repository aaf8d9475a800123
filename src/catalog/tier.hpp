// DataJoint's tiers, which it writes into the names of its tables.
#pragma once

#include "catalog/tables.hpp"

namespace dj_deploy {

// The master of a part: the longest name before a "__" that satisfies is_table(name); empty when there is
// none. A leading "__" marks a computed table and separates nothing.
template <class IsTable>
std::string_view find_master_name(std::string_view part, IsTable &&is_table)
{
    for (std::size_t end = part.rfind("__"); end != 0 && end != part.npos; end = part.rfind("__", end - 1))
        if (is_table(part.substr(0, end)))
            return part.substr(0, end);
    return {};
}

// The tier of a table: "manual", "lookup", "imported", "computed", "part", "hidden" or "job"; null for a name
// that DataJoint would not give. A partition has the tier of the table that it is a partition of.
const char *read_tier(const Table &table);

} // namespace dj_deploy
