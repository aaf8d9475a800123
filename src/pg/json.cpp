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

} // namespace dj_deploy
