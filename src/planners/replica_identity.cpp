// Sets what differs, or everything, and says what gives way to it and which writes will fail.
#include "planners/replica_identity.hpp"

#include "catalog/identity_index.hpp"
#include "pg/context.hpp"
#include "plan/quote.hpp"
#include "plan/statement_shapes.hpp"
#include "planners/memo.hpp"
#include "planners/publishing_harm.hpp"

namespace dj_deploy {

namespace {

// ALTER TABLE "lab"."session" REPLICA IDENTITY FULL
bool read_statement(const ::Node *parsed, StatementNames &names)
{
    const ::List *commands = read_alter_table(parsed, names);
    return ::list_length(commands) == 1 &&
           linitial_node(AlterTableCmd, commands)->subtype == ::AT_ReplicaIdentity;
}

} // namespace

constinit const StatementKind ReplicaIdentityPlanner::statement = {.lock = AccessExclusiveLock,
                                                                   .needs_owner = true,
                                                                   .changes_row = true,
                                                                   .sets_identity = true,
                                                                   .read = read_statement};

const ::ReplicaIdentityStmt &planned_identity(const ::Node *parsed)
{
    const auto *altered = reinterpret_cast<const ::AlterTableStmt *>(parsed);
    return *castNode(ReplicaIdentityStmt, linitial_node(AlterTableCmd, altered->cmds)->def);
}

const char *identity_clause(char identity, const char *index)
{
    switch (identity) {
    case REPLICA_IDENTITY_FULL:
        return "FULL";
    case REPLICA_IDENTITY_DEFAULT:
        return "DEFAULT";
    case REPLICA_IDENTITY_INDEX:
        return index != nullptr ? ::psprintf("USING INDEX %s", identifier(index)) : "NOTHING";
    default:
        return "NOTHING";
    }
}

const char *identity_word(char identity, const char *index)
{
    switch (identity) {
    case REPLICA_IDENTITY_FULL:
        return "full";
    case REPLICA_IDENTITY_DEFAULT:
        return "default";
    case REPLICA_IDENTITY_INDEX:
        return index != nullptr ? ::psprintf("index %s", identifier(index)) : "index dropped";
    default:
        return "nothing";
    }
}

// To the server a table whose index was dropped is one with NOTHING.
bool ReplicaIdentityPlanner::is_settled(const Table &table) const
{
    if (identity != REPLICA_IDENTITY_INDEX)
        return table.replica_identity == identity;
    if (index == nullptr)
        return table.replica_identity == REPLICA_IDENTITY_NOTHING ||
               (table.replica_identity == REPLICA_IDENTITY_INDEX && table.identity_index == nullptr);
    return table.replica_identity == REPLICA_IDENTITY_INDEX && table.identity_index != nullptr &&
           std::string_view(table.identity_index) == index;
}

void ReplicaIdentityPlanner::require_index(const Table &table) const
{
    if (index == nullptr)
        return;
    const ::Oid oid = ::get_relname_relid(index, table.schema_oid);
    if (!OidIsValid(oid))
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
                errmsg("index \"%s\" for table \"%s.%s\" does not exist", index, table.schema, table.name));
    if (const char *fault = identity_index_fault(table.oid, oid))
        ereport(ERROR, errcode(ERRCODE_WRONG_OBJECT_TYPE),
                errmsg("cannot use index \"%s\" as replica identity of table \"%s.%s\": %s", index,
                       table.schema, table.name, fault));
}

void ReplicaIdentityPlanner::plan(const Target &, std::span<const Table> tables, Plan &plan) const
{
    const char *action = ::psprintf(" REPLICA IDENTITY %s", identity_clause(identity, index));
    Memo<char, const Effect *> effects{}; // of tables whose identity has no index
    for (const Table &table : tables) {
        const DifferingShards *shards = nullptr;
        if (skip_unchanged && is_settled(table)) {
            const auto has_other = [&](const DifferingShards &differing) {
                return !differing.has_identity_of(table);
            };
            shards = plan.find_shards(table, has_other);
            if (shards == nullptr)
                continue;
        }
        require_index(table);
        notice_replaced(table, plan);
        const auto make_effect = [&] { return effect_on(table); };
        const bool has_index = table.replica_identity == REPLICA_IDENTITY_INDEX;
        plan.changes.push({.table = &table,
                           .before = "ALTER TABLE ",
                           .after = action,
                           .kind = &statement,
                           .effect = !plan.has_effects   ? nullptr
                                     : shards != nullptr ? effect_on_shards(table, *shards)
                                     : has_index         ? make_effect()
                                                         : effects.of(table.replica_identity, make_effect)});
    }
    if (!plan.is_judged_elsewhere)
        warn_of_broken_writes(plan);
    plan.ignores_current_state = !skip_unchanged;
}

const Effect *ReplicaIdentityPlanner::effect_on(const Table &table) const
{
    Effect effect{.property = "replica_identity",
                  .old_value = identity_word(table.replica_identity, table.identity_index),
                  .new_value = identity_word(identity, index)};
    effect.add_undo({.before = "ALTER TABLE ",
                     .after = ::psprintf(" REPLICA IDENTITY %s",
                                         identity_clause(table.replica_identity, table.identity_index))});
    return keep_value(effect);
}

const Effect *ReplicaIdentityPlanner::effect_on_shards(const Table &table,
                                                       const DifferingShards &shards) const
{
    Effect effect{.property = "replica_identity",
                  .old_value = identity_word(shards.replica_identity, shards.identity_index),
                  .new_value = identity_word(identity, index)};
    effect.move_to_shards(table, shards,
                          {.before = "ALTER TABLE ",
                           .after = ::psprintf(" REPLICA IDENTITY %s", identity_clause(identity, index))});
    return keep_value(effect);
}

// FULL and DEFAULT come from calls like this one; anything else somebody chose for this table.
void ReplicaIdentityPlanner::notice_replaced(const Table &table, Plan &plan) const
{
    const bool is_nothing = table.replica_identity == REPLICA_IDENTITY_NOTHING;
    if (!is_nothing && table.replica_identity != REPLICA_IDENTITY_INDEX)
        return;
    const char *chosen = is_nothing ? "NOTHING"
                         : table.identity_index == nullptr
                             ? "USING INDEX of an index that was dropped"
                             : ::psprintf("USING INDEX \"%s\"", table.identity_index);
    plan.remarks.push({
        .level = NOTICE,
        .message = ::psprintf("replica identity %s of table \"%s.%s\" will be replaced by %s", chosen,
                              table.schema, table.name, identity_clause(identity, index)),
    });
}

namespace {

struct Explanation {
    const char *detail; // of the publication
    const char *hint;
};

Explanation explain(WriteHazard hazard, char identity)
{
    const bool is_full = identity == REPLICA_IDENTITY_FULL;
    const bool is_default = identity == REPLICA_IDENTITY_DEFAULT;
    switch (hazard) {
    case WriteHazard::column_list:
        if (is_full)
            return {
                "has a column list for the table, which replica identity FULL does not allow",
                "Drop the column list, or set replica identity DEFAULT if the list covers the primary key."};
        return {"has a column list for the table that leaves out columns of the primary key",
                "Add these columns to the column list."};
    case WriteHazard::row_filter:
        return {"has a row filter for the table that reads columns outside the primary key",
                "Filter by columns of the primary key, or set replica identity FULL where there is no column "
                "list."};
    case WriteHazard::generated_column:
        return {"does not publish generated columns that are part of the replica identity",
                is_full
                    ? "Publish these columns, or set replica identity DEFAULT if the primary key has none."
                    : "Publish these columns."};
    default:
        if (!is_default)
            return {"publishes them, and nothing identifies the rows",
                    "Set replica identity DEFAULT or FULL."};
        return {"publishes them, and the table has no primary key or a deferrable one",
                "Add a primary key, or set replica identity FULL where there is no column list."};
    }
}

} // namespace

Remark remark_of(const BrokenWrite &broken, const char *schema, const char *table,
                 const IdentityName &identity)
{
    const Explanation explanation = explain(broken.hazard, identity.kind);
    return {
        .level = WARNING,
        .message = ::psprintf("%s on table \"%s.%s\" will fail with replica identity %s", commands_of(broken),
                              schema, table, identity_clause(identity.kind, identity.index)),
        .detail = ::psprintf("Publication \"%s\" %s.", broken.publication->name, explanation.detail),
        .hint = explanation.hint,
        .sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
    };
}

void ReplicaIdentityPlanner::warn_of_broken_writes(Plan &plan) const
{
    if (!is_any_of_writes())
        return;
    Array<::Oid> tables;
    Intent intent{};
    for (const Change &change : plan.changes) {
        tables.push(change.table->oid);
        intent.identities.push({.table = change.table->oid, .kind = identity, .index = InvalidOid});
    }
    if (identity != REPLICA_IDENTITY_FULL)
        append(tables, read_partitions_of(tables.view()));
    const Facts facts = Facts::read(tables.view());
    const Scenario before = Scenario::of(facts);
    const Scenario planned = Scenario::of(facts, intent);
    const ::MemoryContext context = ::CurrentMemoryContext;
    for_each_in_scratch(plan.changes, [&](const Change &change) {
        const Relation *relation = facts.find(change.table->oid);
        if (relation == nullptr)
            return;
        for (const BrokenWrite &write : planned.broken_writes(*relation)) {
            const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
            plan.remarks.push(remark_of(write, change.table->schema, change.table->name,
                                        {.kind = identity, .index = index}));
            ::MemoryContextSwitchTo(scratch);
        }
    });
    if (identity != REPLICA_IDENTITY_FULL)
        warn_of_consumer_harm(before, planned, plan);
}

} // namespace dj_deploy
