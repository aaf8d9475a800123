// Reads a jsonb in place.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// A value inside a jsonb, which must last as long.
struct JsonValue {
    ::JsonbValue value;

    static JsonValue of(::Datum jsonb);

    bool is_null() const { return value.type == ::jbvNull; }
    bool is_boolean() const { return value.type == ::jbvBool; }
    bool is_number() const { return value.type == ::jbvNumeric; }
    bool is_string() const { return value.type == ::jbvString; }
    bool is_array() const
    {
        return value.type == ::jbvBinary && JsonContainerIsArray(value.val.binary.data) &&
               !JsonContainerIsScalar(value.val.binary.data);
    }
    bool is_object() const
    {
        return value.type == ::jbvBinary && JsonContainerIsObject(value.val.binary.data);
    }

    bool boolean() const { return value.val.boolean; }
    // Of a string, number or boolean: its text; null for anything else.
    const char *text() const;
};

struct JsonMember {
    const char *key;
    JsonValue value;
};

// The members of an object, by key in byte order.
Array<JsonMember> members_of(const JsonValue &object);

Array<JsonValue> elements_of(const JsonValue &array);

} // namespace dj_deploy
