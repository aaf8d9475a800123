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
    void plan_schema(::Oid schema, std::span<const Table> tables, const Listing &listing, Plan &plan) const;
    void plan_misfit(const Table &table, const Member &member, std::span<const Table> tables,
                     const Listing &listing, Plan &plan) const;
    void plan_named_table(const Table &table, const Listing &listing, Plan &plan) const;
    void add(const Table &table, const Listing &listing, Plan &plan) const;
    void drop(const Table &table, Plan &plan) const;
    void warn_of_broken_writes(const Publication &publication, std::span<const Table> tables,
                               const Listing &listing, Plan &plan) const;
};

void SetPublicationMembership::require_listable(const Publication &publication, ::Oid schema) const
{
    if (!OidIsValid(publication.oid) && !is_member)
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("publication \"%s\" does not exist", name));
    if (publication.for_all != nullptr)
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg("publication \"%s\" is defined as %s", name, publication.for_all),
                errdetail("Tables cannot be added to it or dropped from it."));
    const char *schema_name = ::get_namespace_name(schema);
    if (publication.has_schema && schema_name != nullptr)
        ereport(
            ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
            errmsg("publication \"%s\" publishes schema \"%s\" as a whole", name, schema_name),
            errdetail("It is defined with TABLES IN SCHEMA, which publishes hidden tables too."),
            errhint(
                "In one transaction, take the schema out with ALTER PUBLICATION %s DROP TABLES IN SCHEMA %s, "
                "and call again.",
                identifier(name), identifier(schema_name)));
}

void SetPublicationMembership::plan_publication(const Publication &publication, Plan &plan) const
{
    plan.names.push({.catalog = PublicationRelationId, .oid = publication.oid, .name = name});
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
    if (!publication.is_owned)
        plan.denials.push(::psprintf("must be owner of publication \"%s\"", name));
    if (publication.is_empty)
        plan.remarks.push({
            .level = WARNING,
            .message = ::psprintf("publication \"%s\" was empty", name),
            .detail = "It published nothing. Tables that it held may have been dropped.",
        });
}

// A publication lists inheriting tables one by one; without ONLY their parent would bring them along.
const char *inherited_only(const Table &table)
{
    return table.has_children && !table.is_partitioned() ? "ONLY " : "";
}

void SetPublicationMembership::add(const Table &table, const Listing &listing, Plan &plan) const
{
    if (table.persistence != RELPERSISTENCE_PERMANENT)
        return plan.skip(table, "an unlogged table cannot be published");
    if (listing.is_narrowed_below(table.oid))
        return plan.skip(
            table, "a partition is listed with a column list or row filter, which would no longer count");
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

void SetPublicationMembership::plan_named_table(const Table &table, const Listing &listing, Plan &plan) const
{
    const bool is_listed = listing.find(table.oid) != nullptr;
    const Array<::Oid> ancestors = read_ancestors(table.oid);
    const bool has_listed_ancestor = std::any_of(ancestors.begin(), ancestors.end(), [&](::Oid ancestor) {
        return listing.find(ancestor) != nullptr;
    });
    if (is_member && !is_listed && !has_listed_ancestor)
        add(table, listing, plan);
    if (!is_member && is_listed)
        drop(table, plan);
    if (!is_member && has_listed_ancestor)
        plan.skip(table, "the partition is published through a table above it");
}

// What is listed and is no user table. A partition goes only where its root takes its place, or is hidden.
void SetPublicationMembership::plan_misfit(const Table &table, const Member &member,
                                           std::span<const Table> tables, const Listing &listing,
                                           Plan &plan) const
{
    const Array<::Oid> ancestors = read_ancestors(table.oid);
    const auto is_root_that_stays_out = [&](const Table &other) {
        return other.oid == ancestors[ancestors.count - 1] && listing.find(other.oid) == nullptr &&
               (other.persistence != RELPERSISTENCE_PERMANENT || listing.is_narrowed_below(other.oid));
    };
    if (!is_member || !table.is_partition)
        drop(table, plan);
    else if (!member.is_plain)
        plan.skip(table, "the partition is listed with a column list or row filter of its own");
    else if (ancestors.is_empty())
        plan.skip(table, "the partition is being detached");
    else if (std::any_of(tables.begin(), tables.end(), is_root_that_stays_out))
        plan.skip(table, "the root of the partition is not published");
    else
        drop(table, plan);
}

// A tree of partitions belongs to the schema of its root.
::Oid home_of(const Table &table)
{
    const Array<::Oid> ancestors = read_ancestors(table.oid);
    return ancestors.is_empty() ? table.schema_oid : ::get_rel_namespace(ancestors[ancestors.count - 1]);
}

void SetPublicationMembership::plan_schema(::Oid schema, std::span<const Table> tables,
                                           const Listing &listing, Plan &plan) const
{
    for (const Table &table : tables) {
        const bool is_user_table = !table.is_hidden() && !table.is_partition && !table.is_member;
        const Member *member = listing.find(table.oid);
        if (!is_user_table && (member == nullptr || home_of(table) != schema))
            continue;
        plan.analyzed++;
        if (!is_user_table)
            plan_misfit(table, *member, tables, listing, plan);
        else if (is_member && member == nullptr)
            add(table, listing, plan);
        else if (!is_member && member != nullptr)
            drop(table, plan);
    }
}

void SetPublicationMembership::plan(Target target, std::span<const Table> tables, Plan &plan) const
{
    const bool is_one = OidIsValid(target.table);
    const ::Oid schema = is_one ? ::get_rel_namespace(target.table) : target.schema;
    const Publication publication = read_publication(name, schema);
    require_listable(publication, schema);
    plan_publication(publication, plan);

    const Listing listing = Listing::of(publication);
    plan.analyzed = 0;
    if (!is_one)
        plan_schema(schema, tables, listing, plan);
    for (const Table &table : tables) {
        if (table.oid != target.table)
            continue;
        plan_named_table(table, listing, plan);
        plan.analyzed++;
    }
    warn_of_broken_writes(publication, tables, listing, plan);
}

// Membership alone makes UPDATE and DELETE fail on a table, or on a leaf of it, that no row can be identified
// in.
void SetPublicationMembership::warn_of_broken_writes(const Publication &publication,
                                                     std::span<const Table> tables, const Listing &listing,
                                                     Plan &plan) const
{
    if (OidIsValid(publication.oid) && !publication.has_writes)
        return;
    Array<::Oid> added;
    for (const Change &change : plan.changes)
        if (change.table != nullptr && listing.find(change.table->oid) == nullptr)
            added.push(change.table->oid);
    std::sort(added.begin(), added.end());

    const auto is_added = [&](::Oid oid) { return std::binary_search(added.begin(), added.end(), oid); };
    const auto is_published = [&](const Table &table) {
        if (is_added(table.oid) || !table.is_partition)
            return is_added(table.oid);
        const Array<::Oid> ancestors = read_ancestors(table.oid);
        return std::any_of(ancestors.begin(), ancestors.end(), is_added);
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
                .detail = "No replica identity that is published tells its rows apart.",
                .hint = "Add a primary key, or set replica identity FULL first.",
                .sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            });
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_OPERATION(set_publication_membership, dj_deploy::SetPublicationMembership);
