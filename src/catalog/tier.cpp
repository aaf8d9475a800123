// Reads names as DataJoint 2.3 does (user_tables.py, jobs.py); what it calls a part is one only beside its
// master.
#include "catalog/tier.hpp"

#include "catalog/ancestors.hpp"
#include "catalog/schemas.hpp"

namespace dj_deploy {

namespace {

struct TierPrefix {
    std::string_view prefix;
    const char *tier;
};

// Longer prefixes first.
constexpr std::array tier_prefixes = std::to_array<TierPrefix>({
    {"__", "computed"},
    {"_", "imported"},
    {"#", "lookup"},
    {"", "manual"},
});

bool is_lower(char letter)
{
    return letter >= 'a' && letter <= 'z';
}

// Whether DataJoint makes such a name of a class: words that start with a lower-case letter and go on with
// such letters or digits, with "_" between them.
bool is_base_name(std::string_view name)
{
    bool is_start = true;
    for (const char letter : name) {
        const bool is_digit = letter >= '0' && letter <= '9';
        if (!is_lower(letter) && (is_start || !(is_digit || letter == '_')))
            return false;
        is_start = letter == '_';
    }
    return !is_start;
}

bool is_hidden(std::string_view name)
{
    return name.starts_with('~');
}

const char *hidden_tier(std::string_view name)
{
    const bool is_job = name.starts_with("~~") || name == "~jobs";
    return is_job ? "job" : "hidden";
}

bool is_table(std::string_view name, ::Oid schema)
{
    char *copy = ::pnstrdup(name.data(), name.size());
    const bool is_there = has_table(schema, copy);
    ::pfree(copy);
    return is_there;
}

const char *tier_of_name(std::string_view name, ::Oid schema)
{
    if (is_hidden(name))
        return hidden_tier(name);
    const auto is_master = [&](std::string_view master) { return is_table(master, schema); };
    if (!find_master_name(name, is_master).empty())
        return "part";
    for (const TierPrefix &candidate : tier_prefixes)
        if (name.starts_with(candidate.prefix) && is_base_name(name.substr(candidate.prefix.size())))
            return candidate.tier;
    return nullptr;
}

} // namespace

const char *read_tier(const Table &table)
{
    if (table.is_member)
        return nullptr;
    if (table.is_partition && !table.is_hidden()) {
        const Array<::Oid> ancestors = read_ancestors(table.oid);
        const ::Oid root = ancestors.is_empty() ? table.oid : ancestors[ancestors.count - 1];
        // Null when it has been dropped meanwhile.
        if (const char *name = ::get_rel_name(root))
            return tier_of_name(name, ::get_rel_namespace(root));
    }
    return tier_of_name(table.name, table.schema_oid);
}

} // namespace dj_deploy
