// A plan as a call gives it: statements in jsonb. Read one by one, because there may be 100,000 of them.
#pragma once

#include "request/arguments.hpp"

namespace dj_deploy {

// What one statement of a plan is about.
struct Statement {
    const char *text;
    const ::RangeVar *table; // to be locked first; null when the statement is about none
    ::LOCKMODE lock;
    const char *publication; // to be locked as well; null when the statement locks none
    bool needs_owner;        // of the table
    bool locks_toast;        // takes the same lock on the TOAST table
    bool is_about_sequence;
    bool waits_for_earlier; // what it publishes must be as it is to be
    bool may_publish_less;  // of a publication as a whole: then more identities go with it
    bool sets_identity;     // with which what is published must go
    bool adds_member;       // the same of a table with its identity
    const ::Node *parsed;

    ::Oid find_table() const;       // InvalidOid when there is none
    const char *shown_name() const; // of the table, in a message
};

struct StatementList {
    ::JsonbContainer *array;
    const char *path; // of the array: "$" or "$.ddl"
    std::size_t count;

    std::string_view text(std::size_t index) const; // as it lies in the plan, without a zero at its end

    // Parses a statement. 22023 with its JSON path, like $.ddl[3], unless it is one statement of a kind that
    // the set_ operations and apply produce, with qualified names; 42601 for a syntax error.
    Statement statement(std::size_t index) const;
};

// Reads "plan": the result of a call, or an array of statements. 22023 for anything else; 55000 for
// a plan that is marked as refused.
StatementList request_statements(const Arguments &arguments);

} // namespace dj_deploy
