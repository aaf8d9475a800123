// Quoting byte by byte: in every server encoding the byte of a double quote is a double quote.
#include "plan/quote.hpp"

namespace dj_deploy {

void append_identifier(::StringInfo text, const char *name)
{
    appendStringInfoCharMacro(text, '"');
    for (const char *byte = name; *byte != '\0'; byte++) {
        if (*byte == '"')
            appendStringInfoCharMacro(text, '"');
        appendStringInfoCharMacro(text, *byte);
    }
    appendStringInfoCharMacro(text, '"');
}

void append_qualified_name(::StringInfo text, const char *schema, const char *name)
{
    append_identifier(text, schema);
    appendStringInfoCharMacro(text, '.');
    append_identifier(text, name);
}

} // namespace dj_deploy
