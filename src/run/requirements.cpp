// The checks before the first statement. A preview warns of what a run refuses, in the same words.
#include "run/requirements.hpp"

#include "pg/array.hpp"

namespace dj_deploy {

namespace {

constexpr std::size_t most_named = 10;

// A list for a message: the first ten names, and how many more.
struct NameList {
    ::StringInfoData text;
    std::size_t count;

    static NameList empty()
    {
        NameList list{.text = {}, .count = 0};
        ::initStringInfo(&list.text);
        return list;
    }

    void add(const char *name)
    {
        if (++count <= most_named)
            ::appendStringInfo(&text, "%s\"%s\"", count > 1 ? ", " : "", name);
    }

    const char *finish()
    {
        if (count > most_named)
            ::appendStringInfo(&text, " and %zu more", count - most_named);
        return text.data;
    }
};

void check_ownership(std::span<const Change> changes, int level)
{
    NameList tables = NameList::empty();
    for (const Change &change : changes)
        if (!change.table.is_owned)
            tables.add(::psprintf("%s.%s", change.table.schema, change.table.name));
    if (tables.count > 0)
        ereport(level, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                errmsg_plural("must be owner of table %s", "must be owner of tables %s", tables.count,
                              tables.finish()));
}

void check_schema_usage(std::span<const Change> changes, int level)
{
    Array<const Table *> tables;
    for (const Change &change : changes)
        tables.push(&change.table);
    std::sort(tables.begin(), tables.end(), [](const Table *left, const Table *right) {
        return ::strcmp(left->schema, right->schema) < 0;
    });

    NameList schemas = NameList::empty();
    ::Oid checked = InvalidOid;
    for (const Table *table : tables) {
        if (table->schema_oid == std::exchange(checked, table->schema_oid))
            continue;
        // A schema that is gone has taken its tables with it, and they are skipped.
        if (::SearchSysCacheExists1(::NAMESPACEOID, ObjectIdGetDatum(checked)) &&
            ::object_aclcheck(NamespaceRelationId, checked, ::GetUserId(), ACL_USAGE) == ::ACLCHECK_NO_PRIV)
            schemas.add(table->schema);
    }
    if (schemas.count > 0)
        ereport(level, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                errmsg_plural("permission denied for schema %s", "permission denied for schemas %s",
                              schemas.count, schemas.finish()));
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
