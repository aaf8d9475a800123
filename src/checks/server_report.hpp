// What the checks that are SQL find: settings, slots, standbys, the role, and the schema beside its tables'
// publications.
#pragma once

#include "checks/check.hpp"
#include "pg/array.hpp"

namespace dj_deploy {

struct ServerFinding {
    const Check *check;
    About about;
    const char *finding;
    const char *remedy; // null where no statement helps, or none can be chosen
};

// The findings that concern the consumer, in one query, in the order of the checks. The tables are the user
// tables of the schemas, the publications those that are judged.
Array<ServerFinding> read_server_findings(Consumer consumer, const Homes &homes,
                                          std::span<const ::Oid> tables, std::span<const ::Oid> publications);

} // namespace dj_deploy
