// The two ways to write it down: for people, quoted as in SQL, and as keys of a JSON object.
#include "plan/about.hpp"

#include "plan/quote.hpp"

namespace dj_deploy {

const char *About::text() const
{
    if (object != nullptr)
        return object;
    return table != nullptr ? qualified_name(schema, table) : ::psprintf("SCHEMA %s", identifier(schema));
}

void About::add_to(JsonObject &json) const
{
    json.add("table_name", make_string_or_null(table));
    json.add("schema_name", make_string_or_null(schema));
    if (object != nullptr)
        json.add("object", make_string(object));
}

} // namespace dj_deploy
