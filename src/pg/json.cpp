// Nested values stay where they are and are walked through when somebody asks.
#include "pg/json.hpp"

namespace dj_deploy {

namespace {

// Calls on_token(token, value) for what stands directly in a container.
template <class OnToken>
void walk(const JsonValue &container, OnToken &&on_token)
{
    ::JsonbIterator *iterator = ::JsonbIteratorInit(container.value.val.binary.data);
    ::JsonbValue value;
    bool is_inside = false;
    while (true) {
        const ::JsonbIteratorToken token = ::JsonbIteratorNext(&iterator, &value, is_inside);
        if (token == ::WJB_DONE)
            return;
        on_token(token, value);
        is_inside = true;
    }
}

} // namespace

JsonValue JsonValue::of(::Datum jsonb)
{
    ::Jsonb *whole = DatumGetJsonbP(jsonb);
    JsonValue found{};
    if (JB_ROOT_IS_SCALAR(whole)) {
        ::JsonbExtractScalar(&whole->root, &found.value);
    } else {
        found.value.type = ::jbvBinary;
        found.value.val.binary.data = &whole->root;
        found.value.val.binary.len = static_cast<int>(VARSIZE(whole) - VARHDRSZ);
    }
    return found;
}

bool JsonValue::is_equal(std::int64_t number) const
{
    return DatumGetBool(DirectFunctionCall2(::numeric_eq, NumericGetDatum(value.val.numeric),
                                            NumericGetDatum(::int64_to_numeric(number))));
}

const char *JsonValue::text() const
{
    switch (value.type) {
    case ::jbvString:
        return ::pnstrdup(value.val.string.val, static_cast<::Size>(value.val.string.len));
    case ::jbvNumeric:
        return DatumGetCString(DirectFunctionCall1(::numeric_out, NumericGetDatum(value.val.numeric)));
    case ::jbvBool:
        return value.val.boolean ? "true" : "false";
    default:
        return nullptr;
    }
}

Array<JsonMember> members_of(const JsonValue &object)
{
    Array<JsonMember> members;
    const char *key = nullptr;
    walk(object, [&](::JsonbIteratorToken token, const ::JsonbValue &value) {
        if (token == ::WJB_KEY)
            key = JsonValue{value}.text();
        else if (token == ::WJB_VALUE)
            members.push({.key = key, .value = {value}});
    });
    std::sort(members.begin(), members.end(), [](const JsonMember &left, const JsonMember &right) {
        return ::strcmp(left.key, right.key) < 0;
    });
    return members;
}

Array<JsonValue> elements_of(const JsonValue &array)
{
    Array<JsonValue> elements;
    walk(array, [&](::JsonbIteratorToken token, const ::JsonbValue &value) {
        if (token == ::WJB_ELEM)
            elements.push({value});
    });
    return elements;
}

::JsonbValue make_string(std::string_view text)
{
    ::JsonbValue value{};
    value.type = ::jbvString;
    value.val.string.len = static_cast<int>(text.size());
    value.val.string.val = const_cast<char *>(text.data());
    return value;
}

::JsonbValue make_string_or_null(const char *text)
{
    if (text != nullptr)
        return make_string(text);
    ::JsonbValue value{};
    value.type = ::jbvNull;
    return value;
}

::JsonbValue make_number(std::int64_t number)
{
    ::JsonbValue value{};
    value.type = ::jbvNumeric;
    value.val.numeric = ::int64_to_numeric(number);
    return value;
}

::JsonbValue make_boolean(bool boolean)
{
    ::JsonbValue value{};
    value.type = ::jbvBool;
    value.val.boolean = boolean;
    return value;
}

::JsonbValue make_array(const Array<::JsonbValue> &items)
{
    ::JsonbValue value{};
    value.type = ::jbvArray;
    value.val.array.nElems = static_cast<int>(items.count);
    value.val.array.elems = items.items;
    return value;
}

namespace {

::Jsonb *whole(::JsonbValue value)
{
    return ::JsonbValueToJsonb(&value);
}

} // namespace

bool is_same_json(const ::JsonbValue &left, const ::JsonbValue &right)
{
    return ::compareJsonbContainers(&whole(left)->root, &whole(right)->root) == 0;
}

const char *json_text(const ::JsonbValue &value)
{
    ::Jsonb *json = whole(value);
    return ::JsonbToCString(nullptr, &json->root, static_cast<int>(VARSIZE(json)));
}

void JsonObject::add(std::string_view key, const ::JsonbValue &value)
{
    pairs.push({.key = make_string(key), .value = value, .order = 0});
}

// The shorter key first, then byte order.
::JsonbValue JsonObject::finish() const
{
    ::JsonbPair *begin = pairs.begin() + first;
    std::sort(begin, pairs.end(), [](const ::JsonbPair &left, const ::JsonbPair &right) {
        const auto &[left_length, left_text] = left.key.val.string;
        const auto &[right_length, right_text] = right.key.val.string;
        return left_length != right_length
                   ? left_length < right_length
                   : ::memcmp(left_text, right_text, static_cast<std::size_t>(left_length)) < 0;
    });
    ::JsonbValue value{};
    value.type = ::jbvObject;
    value.val.object.nPairs = static_cast<int>(pairs.end() - begin);
    value.val.object.pairs = begin;
    return value;
}

JsonObjects JsonObjects::with_room(std::size_t objects, std::size_t members)
{
    JsonObjects made{};
    made.all.reserve(objects);
    made.next.pairs.reserve(objects * members);
    return made;
}

void JsonObjects::add_next()
{
    all.push(next.finish());
    next.first = next.pairs.count;
}

// The pairs may have moved while more came.
::JsonbValue JsonObjects::finish() const
{
    ::JsonbPair *first = next.pairs.items;
    for (::JsonbValue &object : all) {
        object.val.object.pairs = first;
        first += object.val.object.nPairs;
    }
    return make_array(all);
}

void JsonObjects::destroy() const
{
    if (next.pairs.items != nullptr)
        ::pfree(next.pairs.items);
}

} // namespace dj_deploy
