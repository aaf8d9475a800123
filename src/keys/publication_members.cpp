// Each part of the plan knows what the parts before it will have done, and what the document says of other
// tables: a partition is published through the tables above it.
#include "keys/publication_members.hpp"

#include "catalog/ancestors.hpp"
#include "planners/publication_membership.hpp"
#include "planners/unpublished_heirs.hpp"

namespace dj_deploy {

namespace {

// The bottom of a tree leaves first: what a table above says of a partition counts while both are listed.
int leaving_at(const Table &table)
{
    return leaving_phase - static_cast<int>(read_ancestors(table.oid).count);
}

// A decided table, and whether it is to be a member.
struct Look {
    const DecidedTable *table;
    bool is_member;
};

// From the top, and on each level first what joins; then schema by schema.
bool is_before(const Look &left, const Look &right)
{
    if (left.table->level != right.table->level)
        return left.table->level < right.table->level;
    if (left.is_member != right.is_member)
        return left.is_member;
    return left.table->schema != right.table->schema ? left.table->schema < right.table->schema
                                                     : left.table->table < right.table->table;
}

// The tables of one publication, part by part.
struct MembershipDraft {
    Draft &draft;
    const DesiredMembers &desired;
    const KnownMembers &known;
    const NamedPublication &publication;
    Array<std::size_t> joining; // the numbers of the decided tables that are to be members, in order
    Members members = {};       // after the parts so far, without the tables that the document takes out
    Plan plan = draft.new_plan();
    std::size_t taken = 0;    // so many of the plan's changes
    Array<Change> added = {}; // those of them that are not leading

    const char *name() const { return publication.known.name; }
    std::span<const Member> current() const { return known.memberships.of(publication.known.oid); }
    MemberPlanner planner() const { return {.name = name(), .members = &members}; }

    void plan_all();

private:
    Array<Member> staying() const;
    void check_schema(std::size_t schema, bool is_member);
    void check_schemas();
    bool is_to_join(std::size_t decided) const
    {
        return std::binary_search(joining.begin(), joining.end(), decided);
    }
    std::size_t number_of(const DecidedTable *table) const { return table - desired.decided.begin(); }
    Array<Look> from_the_top(std::span<const std::size_t> decided) const;
    Array<DesiredMembers::Place> leaving() const;
    void plan_schemas();
    Array<Look> looks() const;
    void plan_decided();
    void take_changes();
};

// What the document says of schemas, then what it says of tables.
void MembershipDraft::plan_all()
{
    members = Members::of(staying(), publication.is_via_root);
    const bool is_for_all = publication.known.for_all() != nullptr;
    if (is_for_all || known.publishes_schemas(publication.known.oid))
        check_schemas();
    if (is_for_all || desired.is_empty())
        return;
    if (OidIsValid(publication.known.oid))
        check_publication(publication.known, known.is_empty(publication.known.oid), plan);
    plan_schemas();
    plan_decided();
    const bool has_changes = !plan.changes.is_empty();
    plan.changes = added;
    warn_of_unpublished_heirs(publication.known, members, added.view(), plan);
    draft.add(plan, has_changes);
}

Array<Member> MembershipDraft::staying() const
{
    Array<Member> listed;
    for (const Member &member : current())
        if (const DecidedTable *table = desired.find_decided(member.table);
            table == nullptr || is_to_join(number_of(table)))
            listed.push(member);
    return listed;
}

// One that publishes all tables already holds what it is not to hold.
void MembershipDraft::check_schema(std::size_t number, bool is_member)
{
    const ResolvedSchema &schema = draft.resolved.schemas[number];
    if (is_member || publication.known.for_all() == nullptr)
        return require_listable(publication.known, schema.oid);
    draft.plan.skipped.push({.about = {.schema = schema.settings->name},
                             .name = schema.settings->name,
                             .reason = ::psprintf("publication \"%s\" publishes all tables", name())});
}

void MembershipDraft::check_schemas()
{
    for (const std::size_t schema : desired.schemas)
        check_schema(schema, desired.says(schema, name()));
    Array<std::size_t> all;
    for (std::size_t number = 0; number < desired.decided.count; number++)
        all.push(number);
    for (const Look &look : from_the_top(all.view()))
        check_schema(look.table->schema, look.is_member);
}

// The members in schemas that are not to have any.
Array<DesiredMembers::Place> MembershipDraft::leaving() const
{
    Array<DesiredMembers::Place> places;
    for (const Member &member : members.listed)
        if (const DesiredMembers::Place *place = desired.find_place(member.table);
            place != nullptr && !desired.says(place->schema, name()))
            places.push(*place);
    std::sort(places.begin(), places.end(),
              [](const DesiredMembers::Place &left, const DesiredMembers::Place &right) {
                  return left.schema != right.schema ? left.schema < right.schema : left.table < right.table;
              });
    return places;
}

// Schema by schema, as the document names them.
void MembershipDraft::plan_schemas()
{
    const Array<DesiredMembers::Place> places = leaving();
    const DesiredMembers::Place *place = places.begin();
    const auto plan_leaving = [&](std::size_t end) {
        for (; place != places.end() && place->schema < end; place++)
            planner().plan_of_schema(*place->table, false, plan);
    };
    for (const std::size_t schema : desired.schemas_with(name())) {
        plan_leaving(schema);
        const Target target = Target::of_schema(draft.resolved.schemas[schema].oid);
        for (const Table *table : desired.tables_of(schema))
            if (is_of_schemas(target, *table, members))
                planner().plan_of_schema(*table, true, plan);
    }
    plan_leaving(draft.resolved.schemas.count);
    take_changes();
}

Array<Look> MembershipDraft::from_the_top(std::span<const std::size_t> decided) const
{
    Array<Look> looks;
    for (const std::size_t number : decided)
        looks.push({.table = &desired.decided[number], .is_member = is_to_join(number)});
    std::sort(looks.begin(), looks.end(), is_before);
    return looks;
}

// At the decided tables that are members, are to be, or are below one.
Array<Look> MembershipDraft::looks() const
{
    Array<std::size_t> numbers;
    append(numbers, joining);
    for (const Member &member : current())
        if (const DecidedTable *table = desired.find_decided(member.table))
            numbers.push(number_of(table));
    for (const std::size_t number : joining)
        desired.add_decided_below(desired.decided[number].oid, numbers);
    for (const Member &member : members.listed)
        desired.add_decided_below(member.table, numbers);
    sort_unique(numbers);
    return from_the_top(numbers.view());
}

void MembershipDraft::plan_decided()
{
    const Look *last = nullptr;
    const Array<Look> all = looks();
    for (const Look &look : all) {
        const DecidedTable &table = *look.table;
        if (last != nullptr && (table.level != last->table->level || look.is_member != last->is_member))
            take_changes();
        last = &look;
        const Member *own = find_sorted(current(), &Member::table, table.oid);
        if (table.table != nullptr)
            planner().plan_named(*table.table, own, look.is_member, plan);
    }
    take_changes();
}

// What comes later is planned as if these were made.
void MembershipDraft::take_changes()
{
    Array<Member> listed;
    Array<::Oid> dropped;
    for (; taken < plan.changes.count; taken++) {
        Change change = plan.changes[taken];
        const ::Oid table = change.table->oid;
        const bool is_added = change.effect->new_value != nullptr;
        (is_added ? draft.intent.added : draft.intent.dropped)
            .push({.publication = publication.oid, .table = table});
        if (is_added)
            listed.push({.table = table, .is_plain = true});
        else
            dropped.push(table);
        if (!is_added && (change.table->is_partitioned() || change.table->is_partition))
            change.phase = leaving_at(*change.table);
        else if (change.table->is_partitioned())
            change.phase = joining_phase; // with all its partitions
        (is_added ? added : draft.leading).push(change);
    }
    if (listed.is_empty() && dropped.is_empty())
        return;
    std::sort(dropped.begin(), dropped.end());
    for (const Member &member : members.listed)
        if (!std::binary_search(dropped.begin(), dropped.end(), member.table))
            listed.push(member);
    std::sort(listed.begin(), listed.end(),
              [](const Member &left, const Member &right) { return left.table < right.table; });
    members = Members::of(listed, publication.is_via_root);
}

} // namespace

Members plan_members(Draft &draft, const DesiredMembers &desired, const KnownMembers &known,
                     const NamedPublication &publication)
{
    MembershipDraft membership{.draft = draft,
                               .desired = desired,
                               .known = known,
                               .publication = publication,
                               .joining = desired.decided_with(publication.known.name)};
    membership.plan_all();
    return membership.members;
}

} // namespace dj_deploy
