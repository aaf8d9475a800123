// Compares with what a publication lists, not with what it publishes: a partition travels as its root.
#include "planners/publication_membership.hpp"

#include "catalog/ancestors.hpp"
#include "plan/quote.hpp"
#include "planners/publishing_harm.hpp"
#include "planners/unpublished_heirs.hpp"

namespace dj_deploy {

void require_listable(const Publication &publication, ::Oid schema)
{
    const char *name = publication.name;
    if (publication.for_all() != nullptr)
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg("publication \"%s\" is defined as %s", name, publication.for_all()),
                errdetail("Tables cannot be added to it or dropped from it."));
    const char *schema_name = ::get_namespace_name(schema);
    if (OidIsValid(publication.oid) && schema_name != nullptr && publishes_schema(publication.oid, schema))
        ereport(
            ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
            errmsg("publication \"%s\" publishes schema \"%s\" as a whole", name, schema_name),
            errdetail("It is defined with TABLES IN SCHEMA, which publishes hidden tables too."),
            errhint(
                "In one transaction, take the schema out with ALTER PUBLICATION %s DROP TABLES IN SCHEMA %s, "
                "and call again.",
                identifier(name), identifier(schema_name)));
}

void check_publication(const Publication &publication, bool is_empty, Plan &plan)
{
    if (!is_owned(publication))
        plan.deny({.one = "must be owner of publication",
                   .many = "must be owner of publications",
                   .name = publication.name});
    if (is_empty)
        plan.remarks.push({
            .level = WARNING,
            .message = ::psprintf("publication \"%s\" was empty", publication.name),
            .detail = "It published nothing. Tables that it held may have been dropped.",
        });
}

void plan_new_publication(const char *name, const char *options, const Effect *effect, Plan &plan)
{
    plan.changes.push({.table = nullptr,
                       .before = ::psprintf("CREATE PUBLICATION %s %s", identifier(name), options),
                       .after = "",
                       .kind = &publication_creation,
                       .effect = effect});
    if (::object_aclcheck(DatabaseRelationId, MyDatabaseId, ::GetUserId(), ACL_CREATE) != ::ACLCHECK_OK)
        plan.deny({.one = "permission denied for database",
                   .many = "permission denied for databases",
                   .name = ::get_database_name(MyDatabaseId)});
}

namespace {

// A publication lists inheriting tables one by one; without ONLY their parent would bring them along.
bool needs_only(const Table &table)
{
    return table.has_children && !table.is_partitioned();
}

// ALTER PUBLICATION "cdc" ADD TABLE
Phrase phrase(const char *publication, const char *action, const Table &table, const char *after = "")
{
    return {.before = ::psprintf("ALTER PUBLICATION %s %s TABLE %s", identifier(publication), action,
                                 needs_only(table) ? "ONLY " : ""),
            .after = after};
}

// Most tables are added in the words for the one before; null when this one is not.
const Change *find_alike(const Table &table, const Plan &plan)
{
    const Change *last = plan.changes.is_empty() ? nullptr : plan.changes.end() - 1;
    const bool is_alike =
        last != nullptr && last->kind == &member_addition && needs_only(*last->table) == needs_only(table);
    return is_alike ? last : nullptr;
}

} // namespace

::Oid home_of(const Table &table)
{
    const Array<::Oid> ancestors = read_ancestors(table.oid);
    return ancestors.is_empty() ? table.schema_oid : ::get_rel_namespace(ancestors[ancestors.count - 1]);
}

bool is_of_schemas(const Target &target, const Table &table, const Members &members)
{
    return table.is_user_table() || (members.find(table.oid) != nullptr && target.has_schema(home_of(table)));
}

const Effect *MemberPlanner::effect(const char *from, const char *to, const Phrase &undo) const
{
    Effect effect{.property = ::psprintf("publications.%s", name), .old_value = from, .new_value = to};
    effect.add_undo(undo);
    return keep_value(effect);
}

void MemberPlanner::add(const Table &table, Plan &plan) const
{
    if (table.persistence != RELPERSISTENCE_PERMANENT)
        return plan.skip(table, "an unlogged table cannot be published");
    if (members->is_narrowed_below(table.oid))
        return plan.skip(
            table, "a partition is listed with a column list or row filter, which would no longer count");
    if (const Change *alike = find_alike(table, plan))
        return plan.repeat(*alike, table);
    const Phrase statement = phrase(name, "ADD", table);
    plan.changes.push({
        .table = &table,
        .before = statement.before,
        .after = statement.after,
        .kind = &member_addition,
        .effect = plan.has_effects ? effect(nullptr, "member", phrase(name, "DROP", table)) : nullptr,
    });
}

// What is dropped may be listed with a column list and a row filter, which undo brings back.
void MemberPlanner::drop(const Table &table, const Member &member, Plan &plan) const
{
    const Phrase statement = phrase(name, "DROP", table);
    const char *narrowing = plan.has_effects && !member.is_plain ? read_narrowing(name, table.oid) : "";
    plan.changes.push({
        .table = &table,
        .before = statement.before,
        .after = statement.after,
        .kind = &member_removal,
        .effect = plan.has_effects ? effect(::psprintf("member%s", narrowing), nullptr,
                                            phrase(name, "ADD", table, narrowing))
                                   : nullptr,
    });
}

void MemberPlanner::plan_named(const Table &table, const Member *own, bool is_member, Plan &plan) const
{
    const bool has_listed_ancestor = members->holds_above(table.oid);
    if (is_member && own == nullptr && !has_listed_ancestor)
        add(table, plan);
    if (!is_member && own != nullptr)
        drop(table, *own, plan);
    if (!is_member && has_listed_ancestor)
        plan.skip(table, "the partition is published through a table above it");
}

// What is listed and is no user table. A partition goes only where its root takes its place, or is hidden.
void MemberPlanner::plan_misfit(const Table &table, const Member &member, bool is_member, Plan &plan) const
{
    const Array<::Oid> ancestors = read_ancestors(table.oid);
    const auto stays_out = [&](::Oid root) {
        return members->find(root) == nullptr &&
               (::get_rel_persistence(root) != RELPERSISTENCE_PERMANENT || members->is_narrowed_below(root));
    };
    if (!is_member || !table.is_partition)
        drop(table, member, plan);
    else if (!member.is_plain)
        plan.skip(table, "the partition is listed with a column list or row filter of its own");
    else if (ancestors.is_empty())
        plan.skip(table, "the partition is being detached");
    else if (stays_out(ancestors[ancestors.count - 1]))
        plan.skip(table, "the root of the partition is not published");
    else
        drop(table, member, plan);
}

void MemberPlanner::plan_of_schema(const Table &table, bool is_member, Plan &plan) const
{
    const Member *member = members->find(table.oid);
    if (!table.is_user_table())
        plan_misfit(table, *member, is_member, plan);
    else if (is_member && member == nullptr)
        add(table, plan);
    else if (!is_member && member != nullptr)
        drop(table, *member, plan);
}

namespace {

// One that is missing is made, so that tables can join it.
void ensure_publication(const Publication &publication, bool is_member, Plan &plan)
{
    plan.names.push({.catalog = PublicationRelationId, .oid = publication.oid, .name = publication.name});
    if (OidIsValid(publication.oid))
        return check_publication(publication, is_member && is_empty(publication.oid), plan);
    if (!is_member)
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
                errmsg("publication \"%s\" does not exist", publication.name));
    // Partitions travel as their root, so that a subscriber needs no table for each.
    plan_new_publication(publication.name, "WITH (publish_via_partition_root = true)", nullptr, plan);
    warn_of_slots_behind({&publication.name, 1}, plan);
}

// Membership alone makes UPDATE and DELETE fail on a table, or on a leaf of it, that no row can be identified
// in; and what consumers receive of a partition depends on the tables above it.
void warn_of_harm(const Publication &publication, std::span<const Table> tables, const Members &members,
                  Plan &plan)
{
    const bool is_new = !OidIsValid(publication.oid);
    const Publication planned = is_new ? publication_to_make(1, publication.name) : publication;
    Intent intent{};
    if (is_new)
        intent.publications.push(planned);
    for (const Change &change : plan.changes)
        if (change.table != nullptr)
            (members.find(change.table->oid) == nullptr ? intent.added : intent.dropped)
                .push({.publication = planned.oid, .table = change.table->oid});
    if (intent.added.is_empty() && intent.dropped.is_empty())
        return;
    Array<::Oid> oids;
    for (const Table &table : tables)
        oids.push(table.oid);
    const Facts facts = Facts::read(oids.view());
    const Scenario before = Scenario::of(facts);
    const Scenario after = Scenario::of(facts, intent);
    warn_of_begun_writes(before, after, publication.name, plan);
    warn_of_consumer_harm(before, after, plan);
}

} // namespace

void PublicationMembershipPlanner::plan(const Target &target, std::span<const Table> tables, Plan &plan) const
{
    const Publication publication = read_publication(name).value_or(publication_to_make(InvalidOid, name));
    if (OidIsValid(target.table))
        require_listable(publication, ::get_rel_namespace(target.table));
    for (const ::Oid schema : target.schemas)
        require_listable(publication, schema);
    ensure_publication(publication, is_member, plan);

    const Members members = Members::of(publication);
    const MemberPlanner planner{.name = name, .members = &members};
    plan.analyzed = 0;
    for (const Table &table : tables)
        if (table.oid == target.table) {
            planner.plan_named(table, members.find(table.oid), is_member, plan);
            plan.analyzed++;
        } else if (!target.schemas.is_empty() && is_of_schemas(target, table, members)) {
            planner.plan_of_schema(table, is_member, plan);
            plan.analyzed++;
        }
    warn_of_unpublished_heirs(publication, members, plan.changes.view(), plan);
    if (!plan.is_judged_elsewhere)
        warn_of_harm(publication, tables, members, plan);
}

} // namespace dj_deploy
