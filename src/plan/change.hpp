// What is to be done, one statement after another. A change names its table by OID: the table's name is read
// again, and the statement written, only once the table is locked.
#pragma once

#include "catalog/relation_name.hpp"
#include "catalog/tables.hpp"
#include "cluster/shards.hpp"
#include "pg/context.hpp"
#include "plan/about.hpp"
#include "plan/statement_kind.hpp"

namespace dj_deploy {

// A statement but for the name of its table, which "before" and "after" enclose:
// ALTER TABLE "lab"."session" REPLICA IDENTITY FULL
struct Phrase {
    const char *before;
    const char *after;
};

// What a change means to whoever reads the plan.
struct Effect {
    About about = {}; // a schema or an object; nothing when it is the change's table
    const char *property = nullptr;
    const char *old_value = nullptr; // null when there is nothing
    const char *new_value = nullptr;
    const char *since = nullptr;     // what it was before an earlier change of the plan
    bool is_intermediate = false;    // a later change goes on from here
    std::array<Phrase, 3> undo = {}; // statements that bring back what was, in order
    std::size_t undo_count = 0;

    void add_undo(const Phrase &statement) { undo[undo_count++] = statement; }

    // The same where shards of the table differ and it does not. No statement reaches a single shard, so
    // there is no way back: the undo is the statement itself, which then changes nothing.
    void move_to_shards(const Table &table, const DifferingShards &shards, const Phrase &statement)
    {
        about = {.schema = table.schema, .table = table.name, .object = shards.text()};
        undo_count = 0;
        add_undo(statement);
    }
};

// An index of a table, where a statement names that.
struct NamedIndex {
    ::Oid oid;
    RelationName name; // when the plan was made
};

// "before" and "after" are those of a Phrase.
struct Change {
    const Table *table; // as it was when the plan was made; null when the statement is about no table
    const char *before;
    const char *after;
    const StatementKind *kind;
    int phase = 0;                     // begins when all changes of the one before are done
    const Effect *effect = nullptr;    // in a plan that has effects
    const NamedIndex *index = nullptr; // which the statement names instead of the table
};

// The statement for a table of that name; one about no table has neither schema nor name, and all its text is
// in "before" and "after". One statement, no semicolon.
const char *statement_text(const Phrase &phrase, const char *schema, const char *name);
const char *statement_text(const Change &change, const char *schema, const char *name);

// What the statement names, as it was called when the plan was made; nothing when it is about no table.
RelationName planned_name(const Change &change);

// The same with that name.
const char *planned_statement(const Change &change);
void append_planned_statement(::StringInfo text, const Change &change);

} // namespace dj_deploy
