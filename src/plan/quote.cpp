// Quoting byte by byte: in every server encoding the byte of a double quote is a double quote.
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

void append_doubling(::StringInfo text, const char *content, char quote)
{
    appendStringInfoCharMacro(text, quote);
    while (const char *found = ::strchr(content, quote)) {
        ::appendBinaryStringInfo(text, content, static_cast<int>(found + 1 - content));
        appendStringInfoCharMacro(text, quote);
        content = found + 1;
    }
    ::appendStringInfoString(text, content);
    appendStringInfoCharMacro(text, quote);
}

} // namespace

void append_identifier(::StringInfo text, const char *name)
{
    append_doubling(text, name, '"');
}

void append_literal(::StringInfo text, const char *value)
{
    Assert(::strchr(value, '\\') == nullptr);
    append_doubling(text, value, '\'');
}

void append_qualified_name(::StringInfo text, const char *schema, const char *name)
{
    append_identifier(text, schema);
    appendStringInfoCharMacro(text, '.');
    append_identifier(text, name);
}

const char *identifier(const char *name)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    append_identifier(&text, name);
    return exact_copy(text);
}

const char *qualified_name(const char *schema, const char *name)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    append_qualified_name(&text, schema, name);
    return exact_copy(text);
}

const char *shown_identifier(const char *name)
{
    return name == nullptr ? "?" : ::quote_identifier(name);
}

const char *shown_name(const char *schema, const char *name)
{
    return ::psprintf("%s.%s", shown_identifier(schema), shown_identifier(name));
}

const char *literal(const char *value)
{
    return ::quote_literal_cstr(value == nullptr ? "?" : value);
}

const char *exact_copy(const ::StringInfoData &text)
{
    const char *exact = ::pstrdup(text.data);
    ::pfree(text.data);
    return exact;
}

} // namespace dj_deploy
