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
    static constexpr HiddenTables hidden_tables = HiddenTables::left_out;

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

    void plan(std::span<const Table> tables, Array<Change> &changes) const;
    void notice_replaced(const Table &table) const;
    void warn_of_broken_writes(std::span<const Change> changes) const;
    void warn_of_broken_write(const Table &table, const BrokenWrite &broken) const;
};

void SetReplicaIdentity::plan(std::span<const Table> tables, Array<Change> &changes) const
{
    const char *action = is_full() ? " REPLICA IDENTITY FULL" : " REPLICA IDENTITY DEFAULT";
    for (const Table &table : tables) {
        notice_replaced(table);
        changes.push(
            {.table = table, .before = "ALTER TABLE ", .after = action, .lock = AccessExclusiveLock});
    }
    warn_of_broken_writes(changes.view());
}

// FULL and DEFAULT come from calls like this one; anything else somebody chose for this table.
void SetReplicaIdentity::notice_replaced(const Table &table) const
{
    const bool is_nothing = table.replica_identity == REPLICA_IDENTITY_NOTHING;
    if (!is_nothing && table.replica_identity != REPLICA_IDENTITY_INDEX)
        return;
    const char *chosen = is_nothing ? "NOTHING"
                         : table.identity_index == nullptr
                             ? "USING INDEX of an index that was dropped"
                             : ::psprintf("USING INDEX \"%s\"", table.identity_index);
    ereport(NOTICE, errmsg("replica identity %s of table \"%s.%s\" gives way to %s", chosen, table.schema,
                           table.name, mode_in_ddl()));
}

void SetReplicaIdentity::warn_of_broken_writes(std::span<const Change> changes) const
{
    Array<::Oid> oids;
    for (const Change &change : changes)
        oids.push(change.table.oid);
    const Array<BrokenWrite> broken = read_broken_writes(oids.view(), is_full());
    if (broken.is_empty())
        return;

    const auto has_smaller_oid = [](const BrokenWrite &write, ::Oid table) { return write.table < table; };
    for (const Change &change : changes) {
        const ::Oid oid = change.table.oid;
        const BrokenWrite *write = std::lower_bound(broken.begin(), broken.end(), oid, has_smaller_oid);
        for (; write != broken.end() && write->table == oid; write++)
            warn_of_broken_write(change.table, *write);
    }
}

const char *explanation(WriteHazard hazard)
{
    switch (hazard) {
    case WriteHazard::column_list:
        return "has a column list for the table that does not cover the replica identity";
    case WriteHazard::row_filter:
        return "has a row filter for the table that reads columns outside the replica identity";
    case WriteHazard::generated_column:
        return "does not publish generated columns that are part of the replica identity";
    default:
        return "needs a replica identity, and the table has no primary key to serve as one";
    }
}

const char *remedy(WriteHazard hazard, bool is_full)
{
    if (hazard == WriteHazard::no_primary_key || hazard == WriteHazard::row_filter)
        return "Use mode 'full' for this table, or publish inserts only.";
    return is_full ? "Use mode 'default' for this table, or change what the publication publishes of it."
                   : "Change what the publication publishes of this table.";
}

void SetReplicaIdentity::warn_of_broken_write(const Table &table, const BrokenWrite &broken) const
{
    const char *commands = broken.is_update && broken.is_delete ? "UPDATE and DELETE"
                           : broken.is_update                   ? "UPDATE"
                                                                : "DELETE";
    ereport(WARNING, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
            errmsg("%s on table \"%s.%s\" will fail with replica identity %s", commands, table.schema,
                   table.name, mode_in_ddl()),
            errdetail("Publication \"%s\" %s.", broken.publication, explanation(broken.hazard)),
            errhint("%s", remedy(broken.hazard, is_full())));
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_OPERATION(set_replica_identity, dj_deploy::SetReplicaIdentity);
