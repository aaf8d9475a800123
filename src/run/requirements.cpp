#include "run/requirements.hpp"

#include "pg/array.hpp"

namespace dj_deploy {

namespace {

constexpr std::size_t most_named = 10;

void check_ownership(std::span<const Change> changes, int level)
{
    ::StringInfoData names;
    ::initStringInfo(&names);
    std::size_t count = 0;
    for (const Change &change : changes) {
        if (change.table.is_owned)
            continue;
        if (++count <= most_named)
            ::appendStringInfo(&names, "%s\"%s.%s\"", count > 1 ? ", " : "", change.table.schema,
                               change.table.name);
    }
    if (count == 0)
        return;
    if (count > most_named)
        ::appendStringInfo(&names, " and %zu more", count - most_named);
    ereport(level, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
            errmsg_plural("must be owner of table %s", "must be owner of tables %s", count, names.data));
}

void check_schema_usage(std::span<const Change> changes, int level)
{
    ::Oid checked = InvalidOid;
    for (const Change &change : changes) {
        const ::Oid schema = change.table.schema_oid;
        if (schema == std::exchange(checked, schema))
            continue;
        if (::object_aclcheck(NamespaceRelationId, schema, ::GetUserId(), ACL_USAGE) == ::ACLCHECK_NO_PRIV)
            ereport(level, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("permission denied for schema %s", change.table.schema));
    }
}

// The shared lock table's size as LockManagerShmemInit() computes it. A change keeps one lock until the
// transaction ends. Up to 18 the table has room beyond its size for what others lock; 19 has none, so one
// lock a slot is left.
void check_lock_capacity(std::span<const Change> changes, int level)
{
    constexpr int left_for_others = PG_VERSION_NUM >= 190000 ? 1 : 0;
    const std::size_t capacity = static_cast<std::size_t>(::max_locks_per_xact - left_for_others) *
                                 static_cast<std::size_t>(::MaxBackends + ::max_prepared_xacts);
    if (changes.size() <= capacity)
        return;
    ereport(level, errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
            errmsg("cannot change %zu tables in one transaction: the lock table is sized for %zu",
                   changes.size(), capacity),
            errhint("Run the statements of a dry run one transaction each (\\gexec in psql), or increase "
                    "max_locks_per_transaction."));
}

} // namespace

void check_requirements(std::span<const Change> changes, int level)
{
    check_ownership(changes, level);
    check_schema_usage(changes, level);
    check_lock_capacity(changes, level);
}

void require_owner(::Oid table)
{
    const char *name = ::get_rel_name(table);
    if (name == nullptr || ::object_ownercheck(RelationRelationId, table, ::GetUserId()))
        return;
    ereport(
        ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
        errmsg("must be owner of table \"%s.%s\"", ::get_namespace_name(::get_rel_namespace(table)), name));
}

} // namespace dj_deploy
