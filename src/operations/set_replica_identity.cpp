// set_replica_identity: ALTER TABLE "lab"."session" REPLICA IDENTITY FULL for every table of the target, as
// DataJoint's specification of deployment operations says.
#include "operation.hpp"

#include "catalog/publications.hpp"

namespace dj_deploy {

namespace {

enum class Mode { as_default, full };

Mode request_mode(const Arguments &arguments)
{
    const char *mode = arguments.string("mode");
    if (::pg_strcasecmp(mode, "full") == 0)
        return Mode::full;
    if (::pg_strcasecmp(mode, "default") == 0)
        return Mode::as_default;
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("mode must be 'default' or 'full'; got '%s'", mode));
    ::pg_unreachable();
}

struct SetReplicaIdentity {
    static constexpr const char *command = "ALTER TABLE";
    static constexpr Scope scope = {};

    Mode mode;
    bool skip_unchanged;

    static SetReplicaIdentity request(const Arguments &arguments)
    {
        return {.mode = request_mode(arguments), .skip_unchanged = arguments.boolean("skip_unchanged")};
    }

    bool is_full() const { return mode == Mode::full; }
    const char *mode_in_ddl() const { return is_full() ? "FULL" : "DEFAULT"; }
    char mode_in_catalog() const { return is_full() ? REPLICA_IDENTITY_FULL : REPLICA_IDENTITY_DEFAULT; }

    bool is_settled(const Table &table) const
    {
        return skip_unchanged && table.replica_identity == mode_in_catalog();
    }

    void plan(Target target, std::span<const Table> tables, Plan &plan) const;
    void notice_replaced(const Table &table, Plan &plan) const;
    void warn_of_broken_writes(Plan &plan) const;
    void warn_of_broken_write(const Table &table, const BrokenWrite &broken, Plan &plan) const;
};

void SetReplicaIdentity::plan(Target, std::span<const Table> tables, Plan &plan) const
{
    const char *action = is_full() ? " REPLICA IDENTITY FULL" : " REPLICA IDENTITY DEFAULT";
    for (const Table &table : tables) {
        if (is_settled(table))
            continue;
        notice_replaced(table, plan);
        plan.changes.push(
            {.table = &table, .before = "ALTER TABLE ", .after = action, .lock = AccessExclusiveLock});
    }
    warn_of_broken_writes(plan);
    plan.is_fixed = !skip_unchanged;
}

// FULL and DEFAULT come from calls like this one; anything else somebody chose for this table.
void SetReplicaIdentity::notice_replaced(const Table &table, Plan &plan) const
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
        .message = ::psprintf("replica identity %s of table \"%s.%s\" gives way to %s", chosen, table.schema,
                              table.name, mode_in_ddl()),
    });
}

void SetReplicaIdentity::warn_of_broken_writes(Plan &plan) const
{
    Array<::Oid> oids;
    for (const Change &change : plan.changes)
        oids.push(change.table->oid);
    const Array<BrokenWrite> broken = read_broken_writes(oids.view(), is_full());
    if (broken.is_empty())
        return;

    for (const Change &change : plan.changes) {
        const ::Oid oid = change.table->oid;
        const BrokenWrite *write = find_sorted(broken.view(), &BrokenWrite::table, oid);
        for (; write != nullptr && write != broken.end() && write->table == oid; write++)
            warn_of_broken_write(*change.table, *write, plan);
    }
}

struct Explanation {
    const char *detail; // of the publication
    const char *hint;
};

Explanation explain(WriteHazard hazard, bool is_full)
{
    switch (hazard) {
    case WriteHazard::column_list:
        if (is_full)
            return {"has a column list for the table, which replica identity FULL does not allow",
                    "Drop the column list, or use mode 'default' if the list covers the primary key."};
        return {"has a column list for the table that leaves out columns of the primary key",
                "Add these columns to the column list."};
    case WriteHazard::row_filter:
        return {"has a row filter for the table that reads columns outside the primary key",
                "Filter by columns of the primary key, or use mode 'full' where there is no column list."};
    case WriteHazard::generated_column:
        return {"does not publish generated columns that are part of the replica identity",
                is_full ? "Publish these columns, or use mode 'default' if the primary key has none."
                        : "Publish these columns."};
    default:
        return {"publishes them, and the table has no primary key or a deferrable one",
                "Add a primary key, or use mode 'full' where there is no column list."};
    }
}

void SetReplicaIdentity::warn_of_broken_write(const Table &table, const BrokenWrite &broken, Plan &plan) const
{
    const char *commands = broken.is_update && broken.is_delete ? "UPDATE and DELETE"
                           : broken.is_update                   ? "UPDATE"
                                                                : "DELETE";
    const Explanation explanation = explain(broken.hazard, is_full());
    plan.remarks.push({
        .level = WARNING,
        .message = ::psprintf("%s on table \"%s.%s\" will fail with replica identity %s", commands,
                              table.schema, table.name, mode_in_ddl()),
        .detail = ::psprintf("Publication \"%s\" %s.", broken.publication, explanation.detail),
        .hint = explanation.hint,
        .sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
    });
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_OPERATION(set_replica_identity, dj_deploy::SetReplicaIdentity);
