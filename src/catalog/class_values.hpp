// One column of pg_class for many relations.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// Reads one varlena column row by row; a value equal to the one before is the same datum.
struct SharedValue {
    ::Datum last;

    // 0 when NULL.
    ::Datum read(::HeapTuple row, ::AttrNumber column, ::Relation table);
};

struct ClassValue {
    ::Oid relation;
    ::Datum value; // a varlena; 0 when NULL
};

// The values of a varlena column (reloptions, relacl) by relation; the OIDs are sorted. Neighbours with the
// same value share it, so that tables that are alike need to be looked at only once.
Array<ClassValue> read_class_values(::AttrNumber column, std::span<const ::Oid> relations);

// The value of a relation; 0 when it has none.
::Datum find_class_value(std::span<const ClassValue> values, ::Oid relation);

// The element "name=value" of reloptions; null when there is none.
const char *find_option(::Datum options, std::string_view name);

} // namespace dj_deploy
