// The C symbols that the SQL declarations refer to.
#pragma once

#include "pg/postgres.hpp"

// Defines dj_deploy_<name>, which calls function(fcinfo). Stands in namespace dj_deploy.
#define DJ_DEPLOY_FUNCTION(name, ...)                                                                        \
    extern "C" {                                                                                             \
    PG_FUNCTION_INFO_V1(dj_deploy_##name);                                                                   \
    PGDLLEXPORT ::Datum dj_deploy_##name(PG_FUNCTION_ARGS)                                                   \
    {                                                                                                        \
        return __VA_ARGS__(fcinfo);                                                                          \
    }                                                                                                        \
    }                                                                                                        \
    static_assert(true)
