// Whether a table is a shard: a table that the distributed table stands for.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// Citus' own test, where Citus is installed.
struct ShardTest {
    ::Oid function;

    static ShardTest find()
    {
        ::List *name = list_make2(::makeString(::pstrdup("pg_catalog")),
                                  ::makeString(::pstrdup("relation_is_a_known_shard")));
        const ::Oid argument_types[] = {REGCLASSOID};
        return {::LookupFuncName(name, 1, argument_types, true)};
    }

    bool is_shard(::Oid table) const
    {
        return OidIsValid(function) && DatumGetBool(OidFunctionCall1(function, ObjectIdGetDatum(table)));
    }
};

} // namespace dj_deploy
