// Reads a jsonb in place, and makes one by hand: the server's functions that make them are others in every
// second version, and the result of a long plan would take many times its size on the way.
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
    bool is_equal(std::int64_t number) const; // of a number
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

::JsonbValue make_string(std::string_view text);
::JsonbValue make_string_or_null(const char *text);
::JsonbValue make_number(std::int64_t number);
::JsonbValue make_boolean(bool value);
::JsonbValue make_array(const Array<::JsonbValue> &items);

// Whether they are the same as jsonb, and the text of one.
bool is_same_json(const ::JsonbValue &left, const ::JsonbValue &right);
const char *json_text(const ::JsonbValue &value);

// The text of a string.
inline std::string_view text_of(const ::JsonbValue &string)
{
    return {string.val.string.val, static_cast<std::size_t>(string.val.string.len)};
}

// An object member by member; a key may come once. The texts of keys and values are not copied before they
// become a datum.
struct JsonObject {
    Array<::JsonbPair> pairs;
    std::size_t first = 0; // of its pairs; those before belong to others

    void add(std::string_view key, const ::JsonbValue &value);
    bool is_empty() const { return pairs.count == first; }

    // In the order that jsonb keeps keys in.
    ::JsonbValue finish() const;
};

// An array of many objects, whose members lie side by side: a list of its own for each would take several
// times the memory.
struct JsonObjects {
    JsonObject next; // is filled, and then added
    Array<::JsonbValue> all;

    // Room for so many, with so many members each.
    static JsonObjects with_room(std::size_t objects, std::size_t members);

    void add_next();

    // The array. Nothing is added after that.
    ::JsonbValue finish() const;

    // When the array has become a datum.
    void destroy() const;
};

} // namespace dj_deploy
