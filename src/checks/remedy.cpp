// Calls of our own functions, with what they would do.
#include "checks/remedy.hpp"

#include "checks/calls.hpp"
#include "checks/reach.hpp"
#include "plan/quote.hpp"
#include "planners/publication_membership.hpp"

namespace dj_deploy {

namespace {

void add_identity(const Relation &table, char mode, Intent &intent)
{
    intent.identities.push({.table = table.oid, .kind = mode, .index = InvalidOid});
}

// A partitioned table's identity is set with that of its partitions.
void add_tree(const Review &review, const Subject &subject, char mode, Intent &intent)
{
    add_identity(*subject.relation, mode, intent);
    if (subject.relation->kind != RELKIND_PARTITIONED_TABLE)
        return;
    for (const Subject &other : review.all->items) {
        const std::span<const ::Oid> above = other.relation->ancestors;
        if (other.is_table() && std::find(above.begin(), above.end(), subject.relation->oid) != above.end())
            add_identity(*other.relation, mode, intent);
    }
}

// Each once.
Array<const Subject *> subjects_of(std::span<const Finding *const> findings, std::size_t proposal)
{
    Array<const Subject *> subjects;
    for (const Finding *finding : findings) {
        const Subject *root = finding->proposals[proposal].root;
        const Subject *subject = root != nullptr ? root : finding->subject;
        if (subject != nullptr && std::find(subjects.begin(), subjects.end(), subject) == subjects.end())
            subjects.push(subject);
    }
    return subjects;
}

// What set_publication_membership of the schemas adds and drops.
Intent membership_of_schemas(const Homes &homes, const Publication &publication)
{
    Intent intent{};
    const Target target = homes.target();
    const PublicationMembershipPlanner planner{.name = publication.name, .is_member = true};
    Plan plan{};
    plan.has_effects = true;
    plan.is_judged_elsewhere = true;
    planner.plan(target, read_tables(target, PublicationMembershipPlanner::scope).view(), plan);
    for (const Change &change : plan.changes)
        if (change.table != nullptr)
            (change.effect->new_value != nullptr ? intent.added : intent.dropped)
                .push({.publication = publication.oid, .table = change.table->oid});
    return intent;
}

// An identity for what needs one, other statements, then the tables join.
Remedy joining(const Review &review, const Intent &base, Intent intent, const char *statements,
               const char *membership, const CallTarget &target)
{
    const auto [roots, has_strangers] = unready(review, base, intent);
    if (has_strangers)
        return {.statement = nullptr, .intent = intent};
    if (roots.is_empty() && statements == nullptr)
        return {.statement = selected(target, membership), .intent = intent};
    if (roots.is_empty() && membership == nullptr && ::strchr(statements, ';') == nullptr)
        return {.statement = statements, .intent = intent};
    ::StringInfoData text;
    ::initStringInfo(&text);
    ::appendStringInfoString(&text, "BEGIN ");
    Array<const char *> calls;
    for (const Subject *root : roots) {
        add_tree(review, *root, REPLICA_IDENTITY_FULL, intent);
        calls.push(identity_call(::psprintf("%s::regclass", literal(root->name)), REPLICA_IDENTITY_FULL));
    }
    std::sort(calls.begin(), calls.end(),
              [](const char *left, const char *right) { return ::strcmp(left, right) < 0; });
    for (const char *call : calls)
        ::appendStringInfo(&text, "PERFORM %s; ", call);
    if (statements != nullptr)
        ::appendStringInfo(&text, "%s; ", statements);
    if (membership != nullptr)
        ::appendStringInfo(&text, "PERFORM %s%s; ", membership, target.source);
    ::appendStringInfoString(&text, "END");
    return {.statement = ::psprintf("DO %s", literal(text.data)), .intent = intent};
}

// The statements of all of them, one after another; null where they have none.
const char *all_statements(std::span<const Finding *const> findings, std::size_t proposal, Intent &intent)
{
    const char *statements = nullptr;
    for (const Finding *finding : findings) {
        const Proposal &proposed = finding->proposals[proposal];
        intent.absorb(proposed.intent);
        if (proposed.statement != nullptr)
            statements = statements == nullptr ? proposed.statement
                                               : ::psprintf("%s; %s", statements, proposed.statement);
    }
    return statements;
}

Remedy join_remedy(const Review &review, const Intent &base, std::span<const Finding *const> findings,
                   std::size_t proposal)
{
    Intent intent = {};
    const char *statements = all_statements(findings, proposal, intent);
    const Publication *publication = findings[0]->proposals[proposal].publication;
    if (publication == nullptr)
        return joining(review, base, intent, statements, nullptr, {});
    const Array<const Subject *> subjects = subjects_of(findings, proposal);
    for (const Subject *subject : subjects)
        intent.added.push({.publication = publication->oid, .table = subject->relation->oid});
    const CallTarget target = target_of(subjects);
    return joining(review, base, intent, statements, membership_call(target.argument, *publication, true),
                   target);
}

Remedy statement_remedy(std::span<const Finding *const> findings, std::size_t proposal)
{
    Intent intent = {};
    const char *statements = all_statements(findings, proposal, intent);
    if (findings.size() > 1)
        statements = ::psprintf("DO %s", literal(::psprintf("BEGIN %s; END", statements)));
    return {.statement = statements, .intent = intent, .is_opaque = intent.is_empty()};
}

Remedy join_schemas(const Review &review, const Intent &base, const Homes &homes,
                    const Publication &publication)
{
    Intent intent = membership_of_schemas(homes, publication);
    if (review.scenario.facts->publication(publication.oid) == nullptr)
        intent.publications.push(publication);
    return joining(review, base, intent, nullptr, membership_call(homes.argument(), publication, true),
                   {.argument = nullptr, .select = "%s", .source = ""});
}

// All that set_replica_identity of the schemas sets.
Remedy identity_of_schemas(const Review &review, const Homes &homes, char mode)
{
    Remedy remedy{.statement = ::psprintf("SELECT %s", identity_call(homes.argument(), mode)), .intent = {}};
    for (const Subject &subject : review.all->items)
        if (homes.has(subject.relation->schema) && !subject.is_hidden && !subject.is_member &&
            subject.is_table())
            add_tree(review, subject, mode, remedy.intent);
    return remedy;
}

// The homes of the subjects.
Homes homes_of(const Review &review, const Array<const Subject *> &subjects)
{
    return review.question->homes.where([&](::Oid schema) {
        return std::any_of(subjects.begin(), subjects.end(),
                           [&](const Subject *subject) { return subject->home() == schema; });
    });
}

std::size_t count_user_tables(const Review &review, const Homes &homes)
{
    return std::count_if(review.all->items.begin(), review.all->items.end(), [&](const Subject &subject) {
        return subject.is_user() && homes.has(subject.home());
    });
}

bool is_same_set(const Array<PublicationMember> &members, const Array<const Subject *> &subjects)
{
    return members.count == subjects.count &&
           std::all_of(members.begin(), members.end(), [&](const auto &member) {
               return std::any_of(subjects.begin(), subjects.end(), [&](const Subject *subject) {
                   return subject->relation->oid == member.table;
               });
           });
}

} // namespace

Remedy remedy_for(const Review &review, const Intent &base, std::span<const Finding *const> findings,
                  std::size_t proposal)
{
    const Proposal &proposed = findings[0]->proposals[proposal];
    const Array<const Subject *> subjects = subjects_of(findings, proposal);
    Intent intent = {};
    switch (proposed.kind) {
    case Proposal::Kind::identity: {
        for (const Subject *subject : subjects)
            add_tree(review, *subject, proposed.mode, intent);
        const CallTarget target = target_of(subjects);
        return {.statement = selected(target, identity_call(target.argument, proposed.mode)),
                .intent = intent};
    }
    case Proposal::Kind::join:
        return join_remedy(review, base, findings, proposal);
    case Proposal::Kind::join_all:
        return join_schemas(review, base, review.question->homes, *proposed.publication);
    case Proposal::Kind::leave: {
        for (const Subject *subject : subjects)
            intent.dropped.push({.publication = proposed.publication->oid, .table = subject->relation->oid});
        const CallTarget target = target_of(subjects);
        return {.statement = selected(target, membership_call(target.argument, *proposed.publication, false)),
                .intent = intent};
    }
    default:
        return statement_remedy(findings, proposal);
    }
}

Remedy whole_schema_remedy(const Review &review, const Intent &base, std::span<const Finding *const> findings,
                           std::size_t proposal)
{
    const Proposal &proposed = findings[0]->proposals[proposal];
    const Array<const Subject *> subjects = subjects_of(findings, proposal);
    const Homes homes = homes_of(review, subjects);
    const bool is_of_most = subjects.count > 1 && 2 * subjects.count >= count_user_tables(review, homes) &&
                            std::all_of(subjects.begin(), subjects.end(),
                                        [](const Subject *subject) { return subject->is_user(); });
    if (is_of_most && proposed.kind == Proposal::Kind::identity)
        return identity_of_schemas(review, homes, proposed.mode);
    if (is_of_most && proposed.kind == Proposal::Kind::join && proposed.statement == nullptr) {
        const Intent planned = membership_of_schemas(homes, *proposed.publication);
        if (planned.dropped.is_empty() && is_same_set(planned.added, subjects))
            return join_schemas(review, base, homes, *proposed.publication);
    }
    return {.statement = nullptr, .intent = {}};
}

} // namespace dj_deploy
