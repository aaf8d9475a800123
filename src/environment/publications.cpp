// Publications and what they list. Each part of the plan for a publication knows what the parts before it
// will have done, and what the document says of other tables: a partition is published through the tables
// above it.
#include "catalog/ancestors.hpp"
#include "environment/named_publications.hpp"
#include "environment/parts.hpp"
#include "plan/quote.hpp"
#include "planners/publication_membership.hpp"
#include "planners/publication_options.hpp"
#include "planners/publishing_harm.hpp"

namespace dj_deploy {

namespace {

// A publication as it is, or as it will be when the plan makes it.
struct NamedPublication {
    const char *name;
    ::Oid oid;
    bool is_for_all;            // tables; a document cannot say which
    const Publication *options; // as they will be, where the plan changes them
};

// A table at which the document says which publications hold it.
struct DecidedTable {
    ::Oid oid;
    std::size_t level; // how many partitioned tables are above it
    bool is_member;
};

Array<DecidedTable> decided_tables(const ResolvedEnvironment &resolved, const char *publication)
{
    Array<DecidedTable> decided;
    for (const NamedTable &table : resolved.named)
        if (table.settings->settings.has_publications)
            decided.push({.oid = table.oid,
                          .level = read_ancestors(table.oid).count,
                          .is_member = lists(table.settings->settings, publication)});
    return decided;
}

// The tables of the plan so far that the publication gets, or loses.
Array<::Oid> planned_tables(std::span<const PublicationMember> members, ::Oid publication)
{
    Array<::Oid> tables;
    for (const PublicationMember &member : members)
        if (member.publication == publication)
            tables.push(member.table);
    return tables;
}

void sort(Array<::Oid> &oids)
{
    std::sort(oids.begin(), oids.end());
}

// The bottom of a tree leaves first: what a table above says of a partition counts while both are listed.
int leaving_at(const Table &table)
{
    return leaving_phase - static_cast<int>(read_ancestors(table.oid).count);
}

void run_planner(Parts &parts, const ResolvedSchema &schema, const NamedPublication &publication,
                 PublicationMembershipPlanner planner)
{
    Plan part = Parts::part();
    const bool is_schema = planner.named.is_empty();
    const Target target = is_schema ? Target::of_schema(schema.oid) : Target::of_table(planner.named[0]);
    for (const ::Oid table : planned_tables(parts.intent.added.view(), publication.oid))
        planner.coming.push(table);
    for (const ::Oid table : planned_tables(parts.intent.dropped.view(), publication.oid))
        planner.going.push(table);
    sort(planner.coming);
    sort(planner.going);
    planner.plan(target, schema.tables.view(), part);
    const bool has_changes = !part.changes.is_empty();
    Array<Change> added;
    for (Change change : part.changes) {
        const bool is_added = change.effect->to != nullptr;
        (is_added ? parts.intent.added : parts.intent.dropped)
            .push({.publication = publication.oid, .table = change.table->oid});
        if (!is_added && (change.table->is_partitioned() || change.table->is_partition))
            change.phase = leaving_at(*change.table);
        else if (change.table->is_partitioned())
            change.phase = joining_phase; // with all its partitions
        (is_added ? added : parts.leading).push(change);
    }
    part.changes = added;
    parts.absorb(part, has_changes);
}

// One publication in one schema, with a planner that is filled in so far.
void plan_membership(Parts &parts, const ResolvedSchema &schema, const NamedPublication &publication,
                     const PublicationMembershipPlanner &planner)
{
    if (publication.is_for_all && !planner.is_member)
        parts.plan.skipped.push(
            {.object = identifier(schema.settings->name),
             .name = schema.settings->name,
             .reason = ::psprintf("publication \"%s\" publishes all tables", publication.name)});
    else
        run_planner(parts, schema, publication, planner);
}

PublicationMembershipPlanner planner_for(const NamedPublication &publication, bool is_member)
{
    return {.name = publication.name,
            .is_member = is_member,
            .may_create = false,
            .named = {},
            .apart = {},
            .options = publication.options,
            .coming = {},
            .going = {}};
}

// What the document says of schemas.
void plan_schemas(Parts &parts, const NamedPublication &publication, std::span<const DecidedTable> decided)
{
    for (const ResolvedSchema &schema : parts.resolved.schemas) {
        const Settings &settings = schema.settings->settings;
        if (!settings.has_publications)
            continue;
        PublicationMembershipPlanner planner = planner_for(publication, lists(settings, publication.name));
        for (const DecidedTable &table : decided) {
            planner.apart.push(table.oid);
            if (!table.is_member)
                planner.going.push(table.oid);
        }
        plan_membership(parts, schema, publication, planner);
    }
}

// What it says of tables, from the top of their trees, which may reach from one schema into another.
void plan_tables(Parts &parts, const NamedPublication &publication, std::span<const DecidedTable> decided)
{
    std::size_t top = 0;
    for (const DecidedTable &table : decided)
        top = std::max(top, table.level + 1);
    for (std::size_t level = 0; level < top; level++)
        for (const bool is_member : {true, false})
            for (const ResolvedSchema &schema : parts.resolved.schemas) {
                PublicationMembershipPlanner planner = planner_for(publication, is_member);
                for (const DecidedTable &table : decided)
                    if (table.level == level && table.is_member == is_member &&
                        ::get_rel_namespace(table.oid) == schema.oid)
                        planner.named.push(table.oid);
                    else if (!table.is_member)
                        planner.going.push(table.oid);
                if (!planner.named.is_empty())
                    plan_membership(parts, schema, publication, planner);
            }
}

const char *shown_name(::Oid table)
{
    return ::psprintf("%s.%s", ::get_namespace_name(::get_rel_namespace(table)), ::get_rel_name(table));
}

// The server refuses to publish partitions as themselves while a table above them is narrowed.
void require_whole_roots(const Publication &planned, const Members &members)
{
    for (const Member &member : members.listed)
        if (!member.is_plain && ::get_rel_relkind(member.table) == RELKIND_PARTITIONED_TABLE)
            ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("publication \"%s\" needs publish_via_partition_root", planned.name),
                    errdetail("It has a column list or row filter for partitioned table \"%s\".",
                              shown_name(member.table)));
}

// Through a table above it the server publishes all of a partition, whatever the partition's own entry says.
void require_whole_partitions(const Publication &planned, const Members &members)
{
    for (const Member &member : members.listed) {
        if (!member.is_plain && members.holds_above(member.table))
            ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("publication \"%s\" cannot have publish_via_partition_root", planned.name),
                    errdetail("Its column list or row filter for partition \"%s\" would no longer count.",
                              shown_name(member.table)));
    }
}

void require_options_possible(const Parts &parts)
{
    for (const Publication &planned : parts.intent.publications) {
        const Publication publication = read_publication(planned.name).value_or(Publication{});
        if (publication.is_via_root == planned.is_via_root)
            continue;
        Array<::Oid> coming = planned_tables(parts.intent.added.view(), planned.oid);
        Array<::Oid> going = planned_tables(parts.intent.dropped.view(), planned.oid);
        sort(coming);
        sort(going);
        const Members members = Members::of(publication, coming.view(), going.view());
        (planned.is_via_root ? require_whole_partitions : require_whole_roots)(planned, members);
    }
}

} // namespace

void plan_publications(Parts &parts)
{
    ::Oid number = InvalidOid;
    for (const PublicationSettings &settings : named_publications(parts.environment)) {
        Plan part = Parts::part();
        const PlannedPublication planned = plan_publication_options(settings, ++number, part);
        if (planned.is_new || planned.is_changed)
            parts.intent.publications.push(planned.publication);
        if (planned.is_new)
            warn_of_slots_behind(settings.name, part);
        parts.absorb(part);
    }
}

void plan_memberships(Parts &parts)
{
    for (const PublicationSettings &settings : named_publications(parts.environment)) {
        const std::optional<Publication> known = read_publication(settings.name);
        NamedPublication publication{.name = settings.name,
                                     .oid = known ? known->oid : InvalidOid,
                                     .is_for_all = known && known->for_all() != nullptr,
                                     .options = nullptr};
        for (const Publication &planned : parts.intent.publications)
            if (std::string_view(planned.name) == settings.name) {
                publication.oid = planned.oid;
                publication.options = &planned;
            }
        const Array<DecidedTable> decided = decided_tables(parts.resolved, settings.name);
        plan_schemas(parts, publication, decided.view());
        plan_tables(parts, publication, decided.view());
    }
    require_options_possible(parts);
}

} // namespace dj_deploy
