// The checks before the first statement. A preview warns of what a run refuses, in the same words.
#include "run/requirements.hpp"

#include "catalog/chunks.hpp"
#include "pg/oid_set.hpp"
#include "plan/name_list.hpp"

namespace dj_deploy {

namespace {

void check_denials(std::span<const Denial> denials, int level)
{
    for (std::size_t index = 0; index < denials.size(); index++) {
        const Denial &first = denials[index];
        const auto is_alike = [&](const Denial &other) { return ::strcmp(first.one, other.one) == 0; };
        const std::span<const Denial> before = denials.first(index);
        if (std::any_of(before.begin(), before.end(), is_alike))
            continue;
        NameList names = NameList::empty();
        for (const Denial &denial : denials.subspan(index))
            if (is_alike(denial))
                names.add(denial.name);
        ereport(level, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                errmsg_internal("%s %s", names.count == 1 ? first.one : first.many, names.finish()));
    }
}

void check_ownership(std::span<const Change> changes, int level)
{
    NameList tables = NameList::empty();
    const OidSet named = OidSet::make("dj_deploy tables of others");
    bool are_tables = true;
    for (const Change &change : changes) {
        if (!change.kind->needs_owner || change.table == nullptr || change.table->is_owned ||
            !named.add(change.table->oid))
            continue;
        tables.add(::psprintf("%s.%s", change.table->schema, change.table->name));
        are_tables =
            are_tables && (change.table->relkind == RELKIND_RELATION || change.table->is_partitioned());
    }
    if (tables.count == 0)
        return;
    const char *what = are_tables ? (tables.count == 1 ? "table" : "tables")
                                  : (tables.count == 1 ? "relation" : "relations");
    ereport(level, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
            errmsg("must be owner of %s %s", what, tables.finish()));
}

void check_schema_usage(std::span<const Change> changes, int level)
{
    Array<const Table *> tables;
    for (const Change &change : changes)
        if (change.table != nullptr)
            tables.push(change.table);
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

// Those that the change reaches.
std::size_t count_chunks(const Change &change)
{
    const bool may_reach =
        change.kind->changes_row && change.table->has_children && !change.table->is_partitioned();
    return may_reach ? read_chunks(change.table->oid).count : 0;
}

// The shared lock table's size as LockManagerShmemInit() computes it. A change keeps its locks until the
// transaction ends. Up to 17 the table has room beyond its size for what others lock; 18.6 and 19 have none,
// so one lock a slot is left.
void check_lock_capacity(std::span<const Change> changes, int level)
{
    constexpr int left_for_others = PG_VERSION_NUM >= 180000 ? 1 : 0;
    const std::size_t capacity = static_cast<std::size_t>(::max_locks_per_xact - left_for_others) *
                                 static_cast<std::size_t>(::MaxBackends + ::max_prepared_xacts);
    std::size_t tables = 0;
    std::size_t locks = 0;
    bool has_chunks = false;
    const OidSet counted = OidSet::make("dj_deploy tables to lock");
    for (const Change &change : changes) {
        if (change.table == nullptr || !counted.add(change.table->oid))
            continue;
        tables++;
        const std::size_t chunks = count_chunks(change);
        has_chunks = has_chunks || chunks > 0;
        const std::size_t each = change.kind->locks_toast && OidIsValid(change.table->toast) ? 2 : 1;
        locks += each * (1 + chunks);
    }
    if (locks <= capacity)
        return;
    ereport(
        level, errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
        errmsg_plural("cannot change %zu table in one transaction: the lock table is sized for %zu",
                      "cannot change %zu tables in one transaction: the lock table is sized for %zu", tables,
                      tables, capacity),
        has_chunks       ? errdetail("With chunks and TOAST tables that is %zu locks.", locks)
        : locks > tables ? errdetail("With their TOAST tables they take %zu locks.", locks)
                         : 0,
        errhint("Give the dry run's result to rollout, which takes one transaction for each statement, or "
                "increase max_locks_per_transaction."));
}

::Oid find_by_name(const NamedObject &object)
{
    switch (object.catalog) {
    case AuthIdRelationId:
        return ::get_role_oid(object.name, true);
    case NamespaceRelationId:
        return ::get_namespace_oid(object.name, true);
    default:
        return ::get_publication_oid(object.name, true);
    }
}

} // namespace

void check_requirements(const Plan &plan, int level)
{
    if (plan.changes.is_empty())
        return;
    check_denials(plan.denials.view(), level);
    check_ownership(plan.changes.view(), level);
    check_schema_usage(plan.changes.view(), level);
    check_lock_capacity(plan.changes.view(), level);
}

void require_owner(::Oid table)
{
    if (!::SearchSysCacheExists1(::RELOID, ObjectIdGetDatum(table)) ||
        ::object_ownercheck(RelationRelationId, table, ::GetUserId()))
        return;
    ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
            errmsg("must be owner of table \"%s.%s\"", ::get_namespace_name(::get_rel_namespace(table)),
                   ::get_rel_name(table)));
}

void require_names(std::span<const NamedObject> objects)
{
    ::AcceptInvalidationMessages();
    for (const NamedObject &object : objects)
        if (OidIsValid(object.oid) && find_by_name(object) != object.oid)
            ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
                    errmsg("\"%s\" was renamed or dropped during the run", object.name));
}

} // namespace dj_deploy
