// Publications and what they list. Each part of the plan for a publication knows what the parts before it
// will have done, and what the document says of other tables: a partition is published through the tables
// above it.
#include "keys/publications.hpp"

#include "catalog/ancestors.hpp"
#include "plan/quote.hpp"
#include "planners/publication_membership.hpp"

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
        if (const PublicationNames *said = table.settings->settings.find<PublicationNames>())
            decided.push({.oid = table.oid,
                          .level = read_ancestors(table.oid).count,
                          .is_member = said->has(publication)});
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

void run_planner(Draft &draft, const ResolvedSchema &schema, const NamedPublication &publication,
                 PublicationMembershipPlanner planner)
{
    Plan plan = Draft::new_plan();
    const bool is_schema = planner.named.is_empty();
    const Target target = is_schema ? Target::of_schema(schema.oid) : Target::of_table(planner.named[0]);
    for (const ::Oid table : planned_tables(draft.intent.added.view(), publication.oid))
        planner.coming.push(table);
    for (const ::Oid table : planned_tables(draft.intent.dropped.view(), publication.oid))
        planner.going.push(table);
    sort(planner.coming);
    sort(planner.going);
    planner.plan(target, schema.tables.view(), plan);
    const bool has_changes = !plan.changes.is_empty();
    Array<Change> added;
    for (Change change : plan.changes) {
        const bool is_added = change.effect->new_value != nullptr;
        (is_added ? draft.intent.added : draft.intent.dropped)
            .push({.publication = publication.oid, .table = change.table->oid});
        if (!is_added && (change.table->is_partitioned() || change.table->is_partition))
            change.phase = leaving_at(*change.table);
        else if (change.table->is_partitioned())
            change.phase = joining_phase; // with all its partitions
        (is_added ? added : draft.leading).push(change);
    }
    plan.changes = added;
    draft.add(plan, has_changes);
}

// What a publication is to hold of one schema, with a planner that is filled in so far.
void plan_in_schema(Draft &draft, const ResolvedSchema &schema, const NamedPublication &publication,
                    const PublicationMembershipPlanner &planner)
{
    if (publication.is_for_all && !planner.is_member)
        draft.plan.skipped.push(
            {.about = {.schema = schema.settings->name},
             .name = schema.settings->name,
             .reason = ::psprintf("publication \"%s\" publishes all tables", publication.name)});
    else
        run_planner(draft, schema, publication, planner);
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
void plan_schemas(Draft &draft, const NamedPublication &publication, std::span<const DecidedTable> decided)
{
    for (const ResolvedSchema &schema : draft.resolved.schemas) {
        const PublicationNames *said = schema.settings->settings.find<PublicationNames>();
        if (said == nullptr)
            continue;
        PublicationMembershipPlanner planner = planner_for(publication, said->has(publication.name));
        for (const DecidedTable &table : decided) {
            planner.apart.push(table.oid);
            if (!table.is_member)
                planner.going.push(table.oid);
        }
        plan_in_schema(draft, schema, publication, planner);
    }
}

// What it says of tables, from the top of their trees, which may reach from one schema into another.
void plan_tables(Draft &draft, const NamedPublication &publication, std::span<const DecidedTable> decided)
{
    std::size_t top = 0;
    for (const DecidedTable &table : decided)
        top = std::max(top, table.level + 1);
    for (std::size_t level = 0; level < top; level++)
        for (const bool is_member : {true, false})
            for (const ResolvedSchema &schema : draft.resolved.schemas) {
                PublicationMembershipPlanner planner = planner_for(publication, is_member);
                for (const DecidedTable &table : decided)
                    if (table.level == level && table.is_member == is_member &&
                        ::get_rel_namespace(table.oid) == schema.oid)
                        planner.named.push(table.oid);
                    else if (!table.is_member)
                        planner.going.push(table.oid);
                if (!planner.named.is_empty())
                    plan_in_schema(draft, schema, publication, planner);
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

void require_options_possible(const Draft &draft)
{
    for (const Publication &planned : draft.intent.publications) {
        const Publication publication = read_publication(planned.name).value_or(Publication{});
        if (publication.is_via_root == planned.is_via_root)
            continue;
        Array<::Oid> coming = planned_tables(draft.intent.added.view(), planned.oid);
        Array<::Oid> going = planned_tables(draft.intent.dropped.view(), planned.oid);
        sort(coming);
        sort(going);
        const Members members = Members::of(publication, coming.view(), going.view());
        (planned.is_via_root ? require_whole_partitions : require_whole_roots)(planned, members);
    }
}

} // namespace

void PublicationNames::plan(Draft &draft)
{
    for (const PublicationSettings &settings : named_publications(draft.environment)) {
        const std::optional<Publication> known = read_publication(settings.name);
        NamedPublication publication{.name = settings.name,
                                     .oid = known ? known->oid : InvalidOid,
                                     .is_for_all = known && known->for_all() != nullptr,
                                     .options = nullptr};
        for (const Publication &planned : draft.intent.publications)
            if (std::string_view(planned.name) == settings.name) {
                publication.oid = planned.oid;
                publication.options = &planned;
            }
        const Array<DecidedTable> decided = decided_tables(draft.resolved, settings.name);
        plan_schemas(draft, publication, decided.view());
        plan_tables(draft, publication, decided.view());
    }
    require_options_possible(draft);
}

} // namespace dj_deploy
