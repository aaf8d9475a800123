// The schemas that people make, and those of them that DataJoint has declared.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

struct Schema {
    ::Oid oid;
    ::Oid owner;
    const char *name;
};

// The schemas of the database by name, in byte order, but for the server's own and those that belong to an
// extension.
Array<Schema> read_user_schemas();

// Whether the schema has an ordinary or partitioned table of that name.
bool has_table(::Oid schema, const char *name);

// Whether DataJoint has declared the schema: it has one of the hidden tables that it makes there.
bool is_datajoint_schema(::Oid schema);

} // namespace dj_deploy
