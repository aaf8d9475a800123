// The schemas that are the server's own.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// Those of the system catalogs, of TOAST and of temporary tables, and the information schema.
inline bool is_system_schema(const char *name)
{
    return ::IsReservedName(name) || std::string_view(name) == "information_schema";
}

} // namespace dj_deploy
