// set_publication_membership: ALTER PUBLICATION "cdc" ADD TABLE "lab"."session" for every user table of the
// target that the publication lacks, and DROP TABLE for what does not belong there.
#include "operation.hpp"

#include "catalog/membership.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

struct SetPublicationMembership {
    static constexpr const char *command = "ALTER PUBLICATION";
    static constexpr Scope scope = {.has_hidden = true, .has_members = true};

    const char *name;
    bool is_member; // what the tables are to be

    static SetPublicationMembership request(const Arguments &arguments)
    {
        const char *name = arguments.string("publication");
        require_name("publication", name);
        return {.name = name, .is_member = arguments.boolean("member")};
    }

    void plan(Target target, std::span<const Table> tables, Plan &plan) const;

    void require_listable(const Publication &publication, ::Oid schema) const;
    void plan_publication(const Publication &publication, Plan &plan) const;
    bool plan_table(const Table &table, const Member *member, ::Oid schema, Plan &plan) const;
    void plan_named_table(const Table &table, std::span<const Member> members, Plan &plan) const;
    void add(const Table &table, Plan &plan) const;
    void drop(const Table &table, Plan &plan) const;
    void warn_of_broken_writes(const Publication &publication, std::span<const Table> tables,
                               Plan &plan) const;
};

void SetPublicationMembership::require_listable(const Publication &publication, ::Oid schema) const
{
    if (!OidIsValid(publication.oid) && !is_member)
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("publication \"%s\" does not exist", name));
    if (publication.for_all != nullptr)
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg("publication \"%s\" is defined as %s", name, publication.for_all),
                errdetail("Tables cannot be added to it or dropped from it."));
    if (publication.has_schema) {
        ereport(
            ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
            errmsg("publication \"%s\" publishes schema \"%s\" as a whole", name,
                   ::get_namespace_name(schema)),
            errdetail("It is defined with TABLES IN SCHEMA, which publishes hidden tables too."),
            errhint("Take the schema out with ALTER PUBLICATION %s DROP TABLES IN SCHEMA %s, and call again.",
                    identifier(name), identifier(::get_namespace_name(schema))));
    }
}

void SetPublicationMembership::plan_publication(const Publication &publication, Plan &plan) const
{
    if (!OidIsValid(publication.oid)) {
        // Partitions travel as their root, so that a subscriber needs no table for each.
        plan.changes.push(
            {.table = nullptr,
             .before = ::psprintf("CREATE PUBLICATION %s WITH (publish_via_partition_root = true)",
                                  identifier(name)),
             .after = "",
             .lock = NoLock});
        if (::object_aclcheck(DatabaseRelationId, MyDatabaseId, ::GetUserId(), ACL_CREATE) != ::ACLCHECK_OK)
            plan.denials.push(
                ::psprintf("permission denied for database \"%s\"", ::get_database_name(MyDatabaseId)));
        return;
    }
    plan.names.push({.catalog = PublicationRelationId, .oid = publication.oid, .name = name});
    if (!publication.is_owned)
        plan.denials.push(::psprintf("must be owner of publication \"%s\"", name));
    if (publication.is_empty)
        plan.remarks.push({
            .level = WARNING,
            .message = ::psprintf("publication \"%s\" holds no table", name),
            .detail = "It publishes nothing. Tables that it held may have been dropped.",
        });
}

// A publication lists inheriting tables one by one; without ONLY their parent would bring them along.
const char *inherited_only(const Table &table)
{
    return table.has_children && !table.is_partitioned() ? "ONLY " : "";
}

void SetPublicationMembership::add(const Table &table, Plan &plan) const
{
    if (table.persistence != RELPERSISTENCE_PERMANENT)
        return plan.skip(table, "an unlogged table cannot be published");
    plan.changes.push({
        .table = &table,
        .before = ::psprintf("ALTER PUBLICATION %s ADD TABLE %s", identifier(name), inherited_only(table)),
        .after = "",
        .lock = ShareUpdateExclusiveLock,
    });
}

void SetPublicationMembership::drop(const Table &table, Plan &plan) const
{
    plan.changes.push({
        .table = &table,
        .before = ::psprintf("ALTER PUBLICATION %s DROP TABLE %s", identifier(name), inherited_only(table)),
        .after = "",
        .lock = ShareUpdateExclusiveLock,
        .needs_owner = false,
    });
}

void SetPublicationMembership::plan_named_table(const Table &table, std::span<const Member> members,
                                                Plan &plan) const
{
    const bool is_listed = find_member(members, table.oid) != nullptr;
    if (is_member && !is_listed && !has_listed_ancestor(table, members))
        add(table, plan);
    else if (!is_member && is_listed)
        drop(table, plan);
}

// Returns whether the publication, or what was asked of it, concerns the table.
bool SetPublicationMembership::plan_table(const Table &table, const Member *member, ::Oid schema,
                                          Plan &plan) const
{
    const bool is_user_table = !table.is_hidden() && !table.is_partition && !table.is_member;
    if (member == nullptr) {
        if (is_user_table && is_member)
            add(table, plan);
        return is_user_table;
    }
    // A tree of partitions belongs to the schema of its root.
    if (::get_rel_namespace(root_of(table)) != schema)
        return false;
    if (is_member && table.is_partition && !member->is_plain)
        plan.skip(table, "the partition is listed with a column list or row filter of its own");
    else if (!is_member || !is_user_table)
        drop(table, plan);
    return true;
}

void SetPublicationMembership::plan(Target target, std::span<const Table> tables, Plan &plan) const
{
    const bool is_one = OidIsValid(target.table);
    const ::Oid schema = is_one ? ::get_rel_namespace(target.table) : target.schema;
    const Publication publication = read_publication(name, schema);
    require_listable(publication, schema);
    plan_publication(publication, plan);

    const Array<Member> members = read_members(publication.oid);
    plan.analyzed = 0;
    for (const Table &table : tables) {
        if (!is_one)
            plan.analyzed += plan_table(table, find_member(members.view(), table.oid), schema, plan);
        else if (table.oid == target.table) {
            plan_named_table(table, members.view(), plan);
            plan.analyzed++;
        }
    }
    warn_of_broken_writes(publication, tables, plan);
}

// Membership alone makes UPDATE and DELETE fail on a table, or on a leaf of it, that no row can be identified
// in.
void SetPublicationMembership::warn_of_broken_writes(const Publication &publication,
                                                     std::span<const Table> tables, Plan &plan) const
{
    if (OidIsValid(publication.oid) && !publication.has_writes)
        return;
    Array<::Oid> added;
    for (const Change &change : plan.changes)
        if (change.table != nullptr && change.needs_owner)
            added.push(change.table->oid);
    std::sort(added.begin(), added.end());

    const auto is_published = [&](const Table &table) {
        return std::binary_search(added.begin(), added.end(), root_of(table)) ||
               std::binary_search(added.begin(), added.end(), table.oid);
    };
    Array<::Oid> published;
    for (const Table &table : tables)
        if (!added.is_empty() && is_published(table))
            published.push(table.oid);
    if (published.is_empty())
        return;
    const Array<::Oid> unidentified = read_unidentified(published.view(), publication.has_generated);
    for (const Table &table : tables)
        if (std::binary_search(unidentified.begin(), unidentified.end(), table.oid))
            plan.remarks.push({
                .level = WARNING,
                .message = ::psprintf(
                    "UPDATE and DELETE on table \"%s.%s\" will fail once publication \"%s\" holds it",
                    table.schema, table.name, name),
                .detail = "It has no replica identity that could tell its rows apart, or one with generated "
                          "columns that are not published.",
                .hint = "Add a primary key, or set replica identity FULL first.",
                .sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            });
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_OPERATION(set_publication_membership, dj_deploy::SetPublicationMembership);
