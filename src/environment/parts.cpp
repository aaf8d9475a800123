// Each part asks a planner for the tables that the document speaks of; nothing is compared here.
#include "environment/parts.hpp"

#include "environment/groups.hpp"
#include "planners/autovacuum.hpp"
#include "planners/grants.hpp"
#include "planners/replica_identity.hpp"
#include "request/environment_path.hpp"

namespace dj_deploy {

Plan Parts::part()
{
    Plan part{};
    part.is_part = true;
    return part;
}

void Parts::absorb(const Plan &part, bool has_changes)
{
    for (const Change &change : part.changes)
        plan.changes.push(change);
    for (const NamedObject &name : part.names)
        plan.names.push(name);
    for (const Skip &skip : part.skipped)
        plan.skipped.push(skip);
    for (const Remark &remark : part.remarks)
        plan.remarks.push(remark);
    if (has_changes)
        for (const char *denial : part.denials)
            plan.denials.push(denial);
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
            parts.intent.identities.push(
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
        const Target target = Target::of_schema(schema.oid);
        const Array<Table> relations = read_tables(target, GrantsPlanner::scope);
        const Path place = Path{"$.schemas"}.key(schema.settings->name).key("grants");
        for (const RoleSettings &role : schema.settings->grants) {
            Plan part = Parts::part();
            const auto plan = [&] {
                GrantsPlanner::of(role.role, role.access, role.has_future_tables)
                    .plan(target, relations.view(), part);
            };
            with_place(place.key(role.role), plan);
            parts.absorb(part);
        }
    }
}

} // namespace dj_deploy
