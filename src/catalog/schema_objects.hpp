// A schema and what is in it, of whatever kind.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

struct SchemaObject {
    ::Oid catalog;
    ::Oid oid;

    auto operator<=>(const SchemaObject &) const = default;
};

// With the schema itself; sorted, each once.
Array<SchemaObject> read_schema_objects(::Oid schema);

// Those of one catalog among them.
std::span<const SchemaObject> objects_of(std::span<const SchemaObject> objects, ::Oid catalog);

} // namespace dj_deploy
