// Each part asks a planner for the tables that the document speaks of; nothing is compared here.
#include "environment/parts.hpp"

#include "catalog/membership.hpp"
#include "environment/groups.hpp"
#include "planners/autovacuum.hpp"
#include "planners/grants.hpp"
#include "planners/publication_membership.hpp"
#include "planners/publication_options.hpp"
#include "planners/replica_identity.hpp"

namespace dj_deploy {

namespace {

bool is_same_text(const char *left, const char *right)
{
    return std::string_view(left) == right;
}

// The publications that the document names, with what it says of them.
Array<PublicationSettings> named_publications(const Environment &environment)
{
    Array<PublicationSettings> named;
    const auto add = [&](const Settings &settings) {
        for (const char *name : settings.publications) {
            PublicationSettings publication{};
            publication.name = name;
            named.push(publication);
        }
    };
    for (const PublicationSettings &publication : environment.publications)
        named.push(publication);
    for (const SchemaSettings &schema : environment.schemas) {
        add(schema.settings);
        for (const TableSettings &table : schema.tables)
            add(table.settings);
    }
    // Those that are described come first, so they are kept.
    Array<std::size_t> order;
    for (std::size_t index = 0; index < named.count; index++)
        order.push(index);
    std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        const int names = ::strcmp(named[left].name, named[right].name);
        return names != 0 ? names < 0 : left < right;
    });
    Array<PublicationSettings> unique;
    for (const std::size_t index : order)
        if (unique.is_empty() || !is_same_text(unique[unique.count - 1].name, named[index].name))
            unique.push(named[index]);
    return unique;
}

bool lists(const Settings &settings, const char *publication)
{
    return std::any_of(settings.publications.begin(), settings.publications.end(),
                       [&](const char *name) { return is_same_text(name, publication); });
}

// Whose membership is decided at the table itself.
struct Decided {
    Array<::Oid> members;
    Array<::Oid> others;
    Array<::Oid> all;
};

Decided decided_in(const ResolvedEnvironment &resolved, ::Oid schema, const char *publication)
{
    Decided decided{};
    for (const NamedTable &table : resolved.named) {
        const Settings &settings = table.settings->settings;
        if (!settings.has_publications)
            continue;
        decided.all.push(table.oid);
        if (::get_rel_namespace(table.oid) == schema)
            (lists(settings, publication) ? decided.members : decided.others).push(table.oid);
    }
    return decided;
}

void plan_membership(Parts &parts, const ResolvedSchema &schema, const PublicationMembershipPlanner &planner,
                     ::Oid publication)
{
    Plan part = Parts::part();
    const bool is_schema = planner.named.is_empty();
    const Target target{.schema = is_schema ? schema.oid : InvalidOid,
                        .table = is_schema ? InvalidOid : planner.named[0]};
    planner.plan(target, schema.tables.view(), part);
    for (const Change &change : part.changes)
        if (change.table != nullptr)
            (change.effect->to != nullptr ? parts.intent.added : parts.intent.dropped)
                .push({.publication = publication, .table = change.table->oid});
    parts.absorb(part);
}

// One publication, one schema.
void plan_memberships_in(Parts &parts, const ResolvedSchema &schema, const char *publication, ::Oid oid)
{
    const bool exists = OidIsValid(::get_publication_oid(publication, true));
    const bool is_for_all = exists && read_publication(publication, schema.oid).for_all != nullptr;
    const Decided decided = decided_in(parts.resolved, schema.oid, publication);
    const auto plan = [&](bool is_member, const Array<::Oid> &named) {
        // What is not there has no members, and what is for all tables has none to take out.
        if (is_member || (exists && !is_for_all))
            plan_membership(parts, schema,
                            {.name = publication,
                             .is_member = is_member,
                             .may_create = false,
                             .named = named,
                             .apart = decided.all},
                            oid);
    };
    const Settings &settings = schema.settings->settings;
    if (settings.has_publications)
        plan(lists(settings, publication), {});
    if (!decided.members.is_empty())
        plan(true, decided.members);
    if (!decided.others.is_empty())
        plan(false, decided.others);
}

} // namespace

Plan Parts::part()
{
    Plan part{};
    part.is_part = true;
    return part;
}

void Parts::absorb(const Plan &part)
{
    for (const Change &change : part.changes)
        plan.changes.push(change);
    for (const NamedObject &name : part.names)
        plan.names.push(name);
    for (const Skip &skip : part.skipped)
        plan.skipped.push(skip);
    for (const Remark &remark : part.remarks)
        plan.remarks.push(remark);
    if (!part.changes.is_empty())
        for (const char *denial : part.denials)
            plan.denials.push(denial);
}

void plan_publications(Parts &parts)
{
    ::Oid number = InvalidOid;
    for (const PublicationSettings &settings : named_publications(parts.environment)) {
        Plan part = Parts::part();
        const PlannedPublication planned = plan_publication_options(settings, ++number, part);
        if (planned.is_new || planned.is_changed)
            parts.intent.publications.push(planned.options);
        parts.absorb(part);
    }
}

void plan_memberships(Parts &parts)
{
    for (const PublicationSettings &publication : named_publications(parts.environment)) {
        ::Oid oid = ::get_publication_oid(publication.name, true);
        for (const PublicationOptions &planned : parts.intent.publications)
            if (is_same_text(planned.name, publication.name))
                oid = planned.oid;
        for (const ResolvedSchema &schema : parts.resolved.schemas)
            plan_memberships_in(parts, schema, publication.name, oid);
    }
}

void plan_identities(Parts &parts)
{
    Array<KeyedTable> keyed;
    Array<IdentityChoice> choices;
    for (const Table *table : parts.tables) {
        const IdentityChoice choice = chosen_identity(parts.resolved.settings_of(*table).view());
        if (choice.identity == '\0')
            continue;
        choices.push(choice);
        keyed.push({.key = identity_word(choice.identity, choice.index), .table = table});
    }
    for_each_group(keyed.view(), [&](std::size_t first, std::span<const Table> tables) {
        const IdentityChoice choice = choices[first];
        Plan part = Parts::part();
        ReplicaIdentityPlanner{.identity = choice.identity, .index = choice.index, .skip_unchanged = true}
            .plan({}, tables, part);
        for (const Change &change : part.changes)
            parts.identities.push(
                {.table = change.table->oid,
                 .kind = choice.identity,
                 .index = choice.index == nullptr
                              ? InvalidOid
                              : ::get_relname_relid(choice.index, change.table->schema_oid)});
        parts.absorb(part);
    });
}

void plan_vacuum(Parts &parts)
{
    Array<KeyedTable> keyed;
    Array<Array<AppliedSettings>> said;
    for (const Table *table : parts.tables) {
        Array<AppliedSettings> settings;
        Array<const Settings *> key;
        for (const AppliedSettings &applied : parts.resolved.settings_of(*table))
            if (!applied.settings->parameters.is_empty()) {
                settings.push(applied);
                key.push(applied.settings);
            }
        if (settings.is_empty())
            continue;
        said.push(settings);
        keyed.push({.key = {reinterpret_cast<const char *>(key.items), key.count * sizeof(Settings *)},
                    .table = table});
    }
    for_each_group(keyed.view(), [&](std::size_t first, std::span<const Table> tables) {
        Plan part = Parts::part();
        AutovacuumPlanner{.parameters = merged_parameters(said[first].view())}.plan({}, tables, part);
        parts.absorb(part);
    });
}

void plan_grants(Parts &parts)
{
    for (const ResolvedSchema &schema : parts.resolved.schemas) {
        if (schema.settings->grants.is_empty())
            continue;
        const Target target{.schema = schema.oid, .table = InvalidOid};
        const Array<Table> relations = read_tables(target, GrantsPlanner::scope);
        for (const RoleSettings &role : schema.settings->grants) {
            Plan part = Parts::part();
            GrantsPlanner::of(role.role, role.access, role.has_future_tables)
                .plan(target, relations.view(), part);
            parts.absorb(part);
        }
    }
}

} // namespace dj_deploy
