// The kinds of statement that there are. Who plans statements declares their kinds, beside the code that
// writes them, and whoever has to know of them asks here: a run for its locks, rollout for what it accepts,
// blockers for what waits. Nothing lists them a second time.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// What a statement names, as the parser has read it.
struct StatementNames {
    const ::RangeVar *table = nullptr;
    const char *schema = nullptr;      // that it is about, or about things in it, where it names no table
    const char *publication = nullptr; // that it changes, and so locks
    bool has_only_columns = false;     // is about columns, and leaves the table's own row alone
};

struct StatementKind {
    ::LOCKMODE lock = NoLock;            // taken on the table that it names
    bool needs_owner = false;            // of that table
    bool locks_toast = false;            // takes the same lock on the TOAST table
    bool changes_row = false;            // that of the table in pg_class; an extension does it to its chunks
    bool waits_for_transactions = false; // that are older, while others use the table as they like
    bool has_own_transaction = false;    // cannot run in one with others, nor in a rollout

    // What rollout must know, which executes statements one by one.
    bool sets_identity = false;     // with which what is published must go
    bool adds_member = false;       // to a publication, with which the table's identity must go
    bool may_publish_less = false;  // of a publication as a whole: then more identities go with it
    bool waits_for_earlier = false; // must run after all earlier statements of its plan

    // Whether what the parser made of a statement is of this kind, down to its options; then it fills in
    // what the statement names.
    bool (*read)(const ::Node *parsed, StatementNames &names);
};

// What an operation declares, or a planner of apply that no operation has.
struct Declaration {
    const char *operation = nullptr; // its SQL name; null without
    std::span<const StatementKind *const> statements = {};
    bool has_materialized_views = false; // among the tables that it is about
};

// Of the whole module. The linker collects them: DJ_DEPLOY_DECLARE puts a pointer into a section of its own.
std::span<const Declaration *const> declarations();

// An internal error unless the kind is one of these, or any declaration's: rollout would refuse the plan, or
// blockers would miss the operation.
void require_declared(const StatementKind *kind, std::span<const StatementKind *const> declared);
void require_declared(const StatementKind *kind);

} // namespace dj_deploy

// Declares what a file plans: DJ_DEPLOY_DECLARE(publication_options, .statements = statements).
#define DJ_DEPLOY_DECLARE(name, ...)                                                                         \
    namespace {                                                                                              \
    constexpr ::dj_deploy::Declaration name##_declaration = {__VA_ARGS__};                                   \
    [[gnu::section("dj_deploy_declarations"),                                                                \
      gnu::used]] constexpr const ::dj_deploy::Declaration *name##_declared = &name##_declaration;           \
    }                                                                                                        \
    static_assert(true)
