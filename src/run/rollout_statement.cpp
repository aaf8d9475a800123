// The server's own grammar says what a statement is, and the declarations which kinds there are.
#include "run/rollout_statement.hpp"

#include "request/shorten.hpp"
#include "run/attempt.hpp"

namespace dj_deploy {

namespace {

struct Parsing {
    const StatementList &list;
    std::size_t index;
    const char *text;
    ::MemoryContext memory;
};

// The server repeats what it could not read, which may be all of the statement, and identifiers that it
// truncates.
void shorten_message(::MemoryContext memory)
{
    const ::MemoryContext errors = ::MemoryContextSwitchTo(memory);
    const ::ErrorData *raised = ::CopyErrorData();
    ::MemoryContextSwitchTo(errors);
    errmsg_internal("%s", shorten(raised->message, longest_shown_statement));
}

// The position of a syntax error is one in the entry, not in the statement of the caller.
void name_place(void *given)
{
    const auto *parsing = static_cast<const Parsing *>(given);
    shorten_message(parsing->memory);
    if (const int position = ::geterrposition(); position > 0) {
        const Excerpt excerpt = Excerpt::of(parsing->text, position);
        ::errposition(0);
        ::internalerrposition(excerpt.position);
        ::internalerrquery(excerpt.text);
    }
    errcontext("plan entry %s[%zu]", parsing->list.path, parsing->index);
}

::List *parse(const StatementList &list, std::size_t index, const char *text)
{
    Parsing parsing{list, index, text, ::CurrentMemoryContext};
    ::ErrorContextCallback callback{.previous = error_context_stack, .callback = name_place, .arg = &parsing};
    error_context_stack = &callback;
    ::List *parsed = ::raw_parser(text, ::RAW_PARSE_DEFAULT);
    error_context_stack = callback.previous;
    return parsed;
}

// Null when nothing declares such a statement.
const StatementKind *find_kind(const ::Node *parsed, StatementNames &names)
{
    for (const Declaration *declaration : declarations())
        for (const StatementKind *kind : declaration->statements) {
            StatementNames named{};
            if (kind->read(parsed, named)) {
                names = named;
                return kind;
            }
        }
    return nullptr;
}

const char *copy_text(const StatementList &list, std::size_t index)
{
    const std::string_view found = list.text(index);
    return ::pnstrdup(found.data(), found.size());
}

Statement find_names(const StatementList &list, std::size_t index, const char *text, const ::List *parsed)
{
    if (::list_length(parsed) != 1)
        list.refuse(index, "is not one statement");
    Statement statement{
        .text = text, .kind = nullptr, .names = {}, .parsed = linitial_node(RawStmt, parsed)->stmt};
    statement.kind = find_kind(statement.parsed, statement.names);
    return statement;
}

// As the grammar and the scanner have it: also for what they know of, but do not take.
bool is_about_grammar(const ::ErrorData &error)
{
    const int category = ERRCODE_TO_CATEGORY(error.sqlerrcode);
    return category == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION || category == ERRCODE_DATA_EXCEPTION ||
           category == ERRCODE_FEATURE_NOT_SUPPORTED;
}

} // namespace

::Oid Statement::find_table() const
{
    const ::Oid schema =
        names.table == nullptr ? InvalidOid : ::get_namespace_oid(names.table->schemaname, true);
    return OidIsValid(schema) ? ::get_relname_relid(names.table->relname, schema) : InvalidOid;
}

const char *Statement::shown_name() const
{
    return ::psprintf("%s.%s", names.table->schemaname, names.table->relname);
}

RelationName Statement::table_name() const
{
    return names.table == nullptr ? RelationName{}
                                  : RelationName{names.table->schemaname, names.table->relname};
}

Statement read_any_statement(const StatementList &list, std::size_t index)
{
    const char *text = copy_text(list, index);
    const ::List *parsed = nullptr;
    if (!attempt([&] { parsed = parse(list, index, text); }, is_about_grammar))
        return {.text = text, .kind = nullptr, .names = {}, .parsed = nullptr};
    return find_names(list, index, text, parsed);
}

Statement read_statement(const StatementList &list, std::size_t index)
{
    const char *text = copy_text(list, index);
    Statement statement = find_names(list, index, text, parse(list, index, text));
    if (statement.kind == nullptr || statement.kind->has_own_transaction)
        list.refuse(index, "is not a statement of the kinds that the set_ functions and apply produce");
    const ::RangeVar *table = statement.names.table;
    if (table != nullptr && (table->schemaname == nullptr || table->catalogname != nullptr))
        list.refuse(index, "names a table without its schema");
    return statement;
}

} // namespace dj_deploy
