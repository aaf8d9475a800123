// blockers: who holds a lock on a table of the schemas that a change would wait for, and which of our
// operations it keeps waiting.
#include "rowset.hpp"

#include "catalog/blockers.hpp"
#include "cluster/shard_lockers.hpp"

namespace dj_deploy {

namespace {

// An operation waits on a table for whatever conflicts with the lock of its statements. What waits for older
// transactions goes on only when nobody uses the table any more.
bool is_kept_waiting(const Declaration &declaration, ::LOCKMODE held)
{
    return std::ranges::any_of(declaration.statements, [&](const StatementKind *kind) {
        return ::DoLockModesConflict(held, kind->waits_for_transactions ? AccessExclusiveLock : kind->lock);
    });
}

// Which operations a held lock keeps waiting, for each lock mode in which it keeps any: two lists of the same
// length. And which of them concern materialized views.
struct Conflicts {
    Array<const char *> modes;
    Array<const char *> operations;
    Array<const char *> for_materialized_views;

    static Conflicts all()
    {
        Conflicts conflicts{};
        for (const Declaration *declaration : declarations()) {
            if (declaration->operation == nullptr)
                continue;
            if (declaration->has_materialized_views)
                conflicts.for_materialized_views.push(declaration->operation);
            for (::LOCKMODE held = AccessShareLock; held <= AccessExclusiveLock; held++)
                if (is_kept_waiting(*declaration, held)) {
                    conflicts.modes.push(::GetLockmodeName(DEFAULT_LOCKMETHOD, held));
                    conflicts.operations.push(declaration->operation);
                }
        }
        return conflicts;
    }

    // Those that a lock in this mode on a table keeps waiting, by name.
    Array<const char *> with(const char *mode) const
    {
        Array<const char *> found;
        for (std::size_t index = 0; index < modes.count; index++)
            if (::strcmp(modes[index], mode) == 0)
                found.push(operations[index]);
        std::sort(found.begin(), found.end(),
                  [](const char *left, const char *right) { return ::strcmp(left, right) < 0; });
        return found;
    }
};

// Begins with what is locked: no index finds the relations of a schema. Locks on partitions that live
// elsewhere, and on chunks, which live in a schema of an extension, count, too. What has no application is
// named by what it is: a kind of background process, or a prepared transaction.
constexpr const char *sql = R"(
    , member AS (
        SELECT c.oid, c.relname, c.relkind, n.nspname
        FROM (SELECT DISTINCT relation FROM locker WHERE locktype = 'relation') AS locked
        JOIN pg_catalog.pg_class c ON c.oid = locked.relation
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
          AND (c.relnamespace = ANY ($3) OR c.relispartition AND EXISTS (
                   SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) AS above(oid)
                   JOIN pg_catalog.pg_class a ON a.oid = above.oid
                   WHERE a.relnamespace = ANY ($3))
               OR NOT c.relispartition AND EXISTS (
                   SELECT FROM pg_catalog.pg_inherits i
                   JOIN pg_catalog.pg_class a ON a.oid = i.inhparent
                   JOIN pg_catalog.pg_depend d ON d.objid = c.relnamespace
                   WHERE i.inhrelid = c.oid AND a.relnamespace = ANY ($3) AND d.deptype = 'e'
                     AND d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass))
    ), conflict AS (
        SELECT k.relkind, c.mode,
               pg_catalog.array_agg(c.operation ORDER BY c.operation COLLATE "C") AS operations
        FROM ROWS FROM (pg_catalog.unnest($4), pg_catalog.unnest($5)) AS c(mode, operation)
        CROSS JOIN (VALUES ('r'::"char"), ('p'), ('m')) AS k(relkind)
        WHERE k.relkind <> 'm' OR c.operation = ANY ($6)
        GROUP BY k.relkind, c.mode
    )
    SELECT m.nspname::text, m.relname::text, l.pid, l.role::text,
           COALESCE(l.application || ' (' || l.process || ')', l.application, l.process,
                    'prepared transaction ' || pg_catalog.quote_literal(l.gid)),
           CASE WHEN l.pid IS NULL THEN 'prepared' ELSE l.state END,
           pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - l.since),
           l.mode, l.granted, c.operations
    FROM locker l
    JOIN member m ON m.oid = l.relation
    JOIN conflict c ON c.mode = l.mode AND c.relkind = m.relkind
    WHERE l.locktype = 'relation'
    ORDER BY NOT l.granted, l.since, m.nspname COLLATE "C", m.relname COLLATE "C", l.pid, l.mode COLLATE "C")";

struct BlockersReport {
    static constexpr const char *name = "blockers";

    NamedTarget target;

    static BlockersReport request(const Arguments &arguments)
    {
        return {.target = request_target(arguments)};
    }

    void fill(const Rows &rows) const
    {
        const Conflicts conflicts = Conflicts::all();
        const Autovacuums autovacuums = Autovacuums::read();
        const Target found = resolve_target(target);
        rows.add_query(::psprintf("%s%s", lockers_sql, sql), autovacuums.all.view(),
                       autovacuums.against_wraparound.view(), found.schemas.view(), conflicts.modes.view(),
                       conflicts.operations.view(), conflicts.for_materialized_views.view());
        add_lockers_of_shards(rows, found, conflicts);
    }

private:
    // Whoever is connected to another node.
    static void add_lockers_of_shards(const Rows &rows, const Target &target, const Conflicts &conflicts)
    {
        if (engine_here() == nullptr)
            return;
        const Array<Table> tables = read_tables(target, {.has_hidden = true, .has_members = true});
        for (const ShardLocker &locker : read_shard_lockers(Sharded::find(oids_of(tables.view()).view()))) {
            const Array<const char *> operations = conflicts.with(locker.mode);
            if (!operations.is_empty())
                add_locker(rows, locker, operations);
        }
    }

    static void add_locker(const Rows &rows, const ShardLocker &locker, const Array<const char *> &operations)
    {
        const RelationName table = read_relation_name(locker.table);
        const char *who = locker.pid ? ::psprintf("process %d", *locker.pid)
                                     : ::psprintf("prepared transaction '%s'", locker.gid);
        const char *where = ::psprintf("%s on node \"%s\", shard \"%s\"", who, locker.node, locker.shard);
        const std::array cells = {
            Cell::text(table.schema),
            Cell::text(table.name),
            Cell::none(),
            Cell::text(locker.role),
            Cell::text(locker.application != nullptr ? ::psprintf("%s (%s)", locker.application, where)
                                                     : where),
            Cell::text(locker.pid ? locker.state : "prepared"),
            Cell::interval(locker.age),
            Cell::text(locker.mode),
            Cell::boolean(locker.is_granted),
            Cell::texts(operations.view()),
        };
        rows.add(cells);
    }
};

} // namespace

DJ_DEPLOY_FUNCTION(blockers, run_report<BlockersReport>);

} // namespace dj_deploy
