// The one place where a statement is written.
#include "plan/change.hpp"

#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

void append_statement(::StringInfo text, const Phrase &phrase, const char *schema, const char *name)
{
    ::appendStringInfoString(text, phrase.before);
    if (name != nullptr)
        append_qualified_name(text, schema, name);
    ::appendStringInfoString(text, phrase.after);
}

} // namespace

const char *statement_text(const Phrase &phrase, const char *schema, const char *name)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    append_statement(&text, phrase, schema, name);
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

void append_planned_statement(::StringInfo text, const Change &change)
{
    const RelationName named = planned_name(change);
    append_statement(text, {.before = change.before, .after = change.after}, named.schema, named.name);
}

const char *planned_statement(const Change &change)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    append_planned_statement(&text, change);
    return exact_copy(text);
}

} // namespace dj_deploy
