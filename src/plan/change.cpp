// The one place where a statement is written.
#include "plan/change.hpp"

#include "plan/quote.hpp"

namespace dj_deploy {

const char *statement_text(const Phrase &phrase, const char *schema, const char *name)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    ::appendStringInfoString(&text, phrase.before);
    if (name != nullptr)
        append_qualified_name(&text, schema, name);
    ::appendStringInfoString(&text, phrase.after);
    return exact_copy(text);
}

const char *statement_text(const Change &change, const char *schema, const char *name)
{
    return statement_text(Phrase{.before = change.before, .after = change.after}, schema, name);
}

const char *planned_statement(const Change &change)
{
    const Table *table = change.table;
    if (change.index != nullptr)
        return statement_text(change, change.index->name.schema, change.index->name.name);
    return table == nullptr ? statement_text(change, nullptr, nullptr)
                            : statement_text(change, table->schema, table->name);
}

} // namespace dj_deploy
