// What check_cdc asks, one entry for each check, in families. An entry is all there is to a check: the report
// is put together from the entries.
#pragma once

#include "checks/finding.hpp"

namespace dj_deploy {

struct Check {
    const char *name;
    // A letter for each consumer, in their order: "e" error, "w" warning, "i" info, "-" does not concern it.
    const char *severities;
    // One of the three. A query (server_facts.hpp) returns of each violation object, finding and remedy;
    // or schema_name, table_name (null when it is about the schema, both when it is about several), finding
    // and remedy.
    const char *sql = nullptr;
    const char *tables_sql = nullptr;
    void (*find)(const Review &review, Findings &findings) = nullptr;

    // 'e', 'w' or 'i'; '-' when the check does not concern the consumer.
    char severity(Consumer consumer) const { return severities[static_cast<std::size_t>(consumer)]; }
};

extern const std::span<const Check> server_checks;
extern const std::span<const Check> standby_checks;
extern const std::span<const Check> slot_checks;
extern const std::span<const Check> role_checks;
extern const std::span<const Check> schema_checks;
extern const std::span<const Check> identity_checks;
extern const std::span<const Check> partition_checks;
extern const std::span<const Check> write_checks;
extern const std::span<const Check> publication_checks;
extern const std::span<const Check> extent_checks;
extern const std::span<const Check> membership_checks;
extern const std::span<const Check> storage_checks;
extern const std::span<const Check> delivery_checks;
extern const std::span<const Check> column_checks;

// In the order in which a person mends what they find: what is published can be written to.
constexpr std::array check_families = std::to_array<const std::span<const Check> *>({
    &server_checks,
    &standby_checks,
    &slot_checks,
    &role_checks,
    &schema_checks,
    &identity_checks,
    &partition_checks,
    &write_checks,
    &publication_checks,
    &extent_checks,
    &membership_checks,
    &storage_checks,
    &delivery_checks,
    &column_checks,
});

} // namespace dj_deploy
