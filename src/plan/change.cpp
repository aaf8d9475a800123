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

const char *planned_statement(const Change &change)
{
    const Table *table = change.table;
    return table == nullptr ? statement_text(change, nullptr, nullptr)
                            : statement_text(change, table->schema, table->name);
}

} // namespace dj_deploy
