// One statement of a plan: what the parser says of it, and of which kind it is.
#pragma once

#include "catalog/relation_name.hpp"
#include "pg/context.hpp"
#include "plan/statement_kind.hpp"
#include "request/statements.hpp"

namespace dj_deploy {

struct Statement {
    const char *text;
    const StatementKind *kind; // null when nothing declares such a statement
    StatementNames names;
    const ::Node *parsed; // null when the parser does not take it

    ::Oid find_table() const;        // InvalidOid when there is none
    const char *shown_name() const;  // of the table, in a message
    RelationName table_name() const; // as the statement has it; nothing when it names none
};

// Parses a statement of the list, of whatever kind: one that nothing declares has none, nor has one that this
// server's grammar does not take; that is not parsed either. 22023 with its JSON path for more than one.
Statement read_any_statement(const StatementList &list, std::size_t index);

// The same. 42601 for a syntax error; 22023 with its JSON path, like $.ddl[3], unless it is one statement of
// a kind that an operation or apply declares and that can be rolled out, with qualified names.
Statement read_statement(const StatementList &list, std::size_t index);

// The server's caches keep what they have seen of each table; they are emptied after so many statements.
constexpr std::size_t cache_life = 1024;

// Calls on_statement(Statement, its table's OID or InvalidOid) for each; what that allocates is freed.
template <class OnStatement>
void for_each_statement(const StatementList &list, OnStatement &&on_statement)
{
    repeat_in_scratch(list.count, [&](std::size_t index) {
        const Statement statement = read_statement(list, index);
        on_statement(statement, statement.find_table());
        if (index % cache_life == cache_life - 1)
            ::InvalidateSystemCaches();
    });
}

} // namespace dj_deploy
