// The one place where a statement is written.
#include "plan/change.hpp"

#include "plan/quote.hpp"

namespace dj_deploy {

const char *statement_text(const Change &change, const char *schema, const char *name)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    ::appendStringInfoString(&text, change.before);
    if (change.table != nullptr)
        append_qualified_name(&text, schema, name);
    ::appendStringInfoString(&text, change.after);
    return exact_copy(text);
}

} // namespace dj_deploy
