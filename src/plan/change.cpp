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

RelationName planned_name(const Change &change)
{
    if (change.index != nullptr)
        return change.index->name;
    return change.table == nullptr ? RelationName{} : RelationName{change.table->schema, change.table->name};
}

const char *planned_statement(const Change &change)
{
    const RelationName named = planned_name(change);
    return statement_text(change, named.schema, named.name);
}

} // namespace dj_deploy
