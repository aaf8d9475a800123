// What a relation is called at the moment.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

struct RelationName {
    const char *schema;
    const char *name; // null when the relation is gone
};

inline RelationName read_relation_name(::Oid relation)
{
    const char *name = ::get_rel_name(relation);
    const char *schema = name == nullptr ? nullptr : ::get_namespace_name(::get_rel_namespace(relation));
    return {.schema = schema, .name = schema == nullptr ? nullptr : name};
}

} // namespace dj_deploy
