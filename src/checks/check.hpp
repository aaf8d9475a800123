// What check_cdc asks of a database, one entry for each check, in families. An entry is all there is to a
// check: the report is put together from the entries.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// For whom a schema is judged; "any" asks what holds for every consumer.
enum class Consumer : std::size_t { any, lakehouse_sync, debezium, clickpipes, postgres };

constexpr std::array consumer_names =
    std::to_array<const char *>({"any", "lakehouse_sync", "debezium", "clickpipes", "postgres"});

struct Check {
    const char *name;
    // A letter for each consumer, in their order: "e" error, "w" warning, "i" info, "-" does not concern it.
    const char *severities;
    // Returns object, finding and remedy of each violation, from the facts (facts.hpp).
    const char *sql;
    // Returns the one remedy for the whole schema; null when tables are always told one by one. Rows about
    // all of its tables that find the same are then one row about the schema.
    const char *schema_remedy = nullptr;

    // "error", "warning" or "info"; null when the check does not concern the consumer.
    const char *severity(Consumer consumer) const
    {
        switch (severities[static_cast<std::size_t>(consumer)]) {
        case 'e':
            return "error";
        case 'w':
            return "warning";
        case 'i':
            return "info";
        default:
            return nullptr;
        }
    }
};

extern const std::span<const Check> server_checks;
extern const std::span<const Check> slot_checks;
extern const std::span<const Check> role_checks;
extern const std::span<const Check> publication_checks;
extern const std::span<const Check> membership_checks;
extern const std::span<const Check> identity_checks;
extern const std::span<const Check> write_checks;
extern const std::span<const Check> column_checks;

} // namespace dj_deploy
