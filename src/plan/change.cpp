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
    // Plans are long, and a StringInfo starts with a kilobyte.
    const char *exact = ::pstrdup(text.data);
    ::pfree(text.data);
    return exact;
}

} // namespace dj_deploy
