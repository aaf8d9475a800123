// The schema and what is in it; what will be is for future_tables.
#include "planners/grants.hpp"

#include "catalog/role_dependents.hpp"
#include "plan/name_list.hpp"
#include "plan/quote.hpp"
#include "planners/future_tables.hpp"

namespace dj_deploy {

::Oid GrantsPlanner::resolve_role() const
{
    const std::optional<::Oid> role = find_role(role_name);
    if (!role)
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("role \"%s\" does not exist", role_name));
    return *role;
}

void GrantsPlanner::plan_schema(::Oid role, const SchemaPrivileges &current, Plan &plan) const
{
    const PrivilegeTarget target{.kind = schema_privileges_statement,
                                 .about = {.schema = current.name},
                                 .table = nullptr,
                                 .privileges = schema_privileges,
                                 .prefix = "",
                                 .on = ::psprintf("SCHEMA %s", identifier(current.name)),
                                 .name = current.name,
                                 .owner = current.owner,
                                 .list = current.list};
    const Holding held = holding_of(role, current.owner, current.list);
    if (current.owner != role && plan_privileges(target, access, held, {}, grantee, plan) &&
        !::has_privs_of_role(::GetUserId(), current.owner))
        plan.deny(
            {.one = "must be owner of schema", .many = "must be owner of schemas", .name = current.name});
}

namespace {

// A table and its changes. They serve for the next ones that are like it, where they are all that there was
// to say of it.
struct Precedent {
    const Table *table;
    std::size_t first; // of its changes
    std::size_t count;

    bool covers(const Table &other) const
    {
        return table != nullptr && table->owner == other.owner && table->privileges == other.privileges &&
               table->is_sequence() == other.is_sequence();
    }
};

PrivilegeTarget target_of(const Table &table)
{
    return {
        .kind = table_privileges_statement,
        .about = {},
        .table = &table,
        .privileges = table.is_sequence() ? sequence_privileges : table_privileges,
        .prefix = "",
        .on = table.is_sequence() ? "SEQUENCE " : "TABLE ",
        .name = nullptr,
        .owner = table.owner,
        .list = table.privileges,
    };
}

} // namespace

// What the table needs besides for the sake of its shards.
void GrantsPlanner::plan_shards(const Table &table, ::Oid role, std::size_t first, Plan &plan) const
{
    const PrivilegeTarget target = target_of(table);
    for (const DifferingShards &shards : plan.differing_shards(table)) {
        Plan wanted{};
        wanted.has_effects = plan.has_effects;
        plan_privileges(target, access, holding_of(role, table.owner, shards.privileges),
                        holding_of(role, table.owner, shards.in_columns), grantee, wanted);
        for (const Denial &denial : wanted.denials)
            plan.deny(denial);
        for (Change &change : wanted.changes) {
            const auto is_same = [&](const Change &planned) {
                return ::strcmp(planned.before, change.before) == 0 &&
                       ::strcmp(planned.after, change.after) == 0;
            };
            if (std::any_of(plan.changes.begin() + first, plan.changes.end(), is_same))
                continue;
            if (change.effect != nullptr) {
                Effect *moved = keep_value(*change.effect);
                moved->move_to_shards(table, shards, {.before = change.before, .after = change.after});
                change.effect = moved;
            }
            plan.changes.push(change);
        }
    }
}

void GrantsPlanner::plan_tables(GrantFacts &facts, const RoleFacts &known, Plan &plan) const
{
    const ::Oid role = known.role;
    const Array<ColumnHolding> columns = facts.columns.held_by(known.references);
    plan.analyzed = 0;
    Precedent last{};
    for (const Table &table : facts.tables) {
        if (is_excepted(table))
            continue;
        plan.analyzed += !table.is_sequence();
        if (table.owner == role)
            continue;
        const ColumnHolding *in_columns = find_sorted(columns.view(), &ColumnHolding::table, table.oid);
        const bool has_differing_shards = !plan.differing_shards(table).empty();
        if (in_columns == nullptr && !has_differing_shards && last.covers(table)) {
            for (std::size_t number = 0; number < last.count; number++)
                plan.repeat(plan.changes[last.first + number], table);
            continue;
        }
        const std::size_t first = plan.changes.count;
        const std::size_t remarks = plan.skipped.count + plan.denials.count;
        const Holding held_in_columns = in_columns != nullptr ? in_columns->holding : Holding{};
        plan_privileges(target_of(table), access, facts.held(known, table), held_in_columns, grantee, plan);
        if (has_differing_shards)
            plan_shards(table, role, first, plan);
        const bool is_all = in_columns == nullptr && !has_differing_shards &&
                            plan.skipped.count + plan.denials.count == remarks;
        last = {.table = is_all ? &table : nullptr, .first = first, .count = plan.changes.count - first};
    }
}

// Whoever takes everything from a role may want to drop it.
void GrantsPlanner::note_dependents(GrantFacts &facts, const RoleFacts &role, SchemaFacts &schema,
                                    Plan &plan) const
{
    Array<::Oid> relations;
    for (const Table &table : facts.tables)
        if (table.schema_oid == schema.named.oid && !is_excepted(table))
            relations.push(table.oid);
    std::sort(relations.begin(), relations.end());
    const std::span<const SchemaObject> objects = facts.objects_in(schema);
    const Array<const char *> dependents =
        name_dependents(facts.references_in(schema, role), objects, relations.view());
    if (dependents.is_empty())
        return;
    ::StringInfoData detail;
    ::initStringInfo(&detail);
    for (const char *dependent : dependents.view().first(std::min(dependents.count, most_named)))
        ::appendStringInfo(&detail, "%s%s", detail.len > 0 ? "\n" : "", dependent);
    if (dependents.count > most_named)
        ::appendStringInfo(&detail, "\nand %zu more", dependents.count - most_named);
    plan.remarks.push(
        {.level = NOTICE,
         .message = ::psprintf("role \"%s\" cannot be dropped yet: objects in schema \"%s\" depend on it",
                               role_name, schema.named.name),
         .detail = detail.data});
}

// Privileges on a table are worth nothing without those on its schema.
void GrantsPlanner::note_missing_usage(::Oid role, const Table &table, Plan &plan) const
{
    if (access == Access::none || table.owner == role)
        return;
    const SchemaPrivileges schema = read_schema_privileges(table.schema_oid);
    if (may(role, ACL_USAGE, schema, to_hold))
        return;
    plan.remarks.push({.level = NOTICE,
                       .message = ::psprintf("%s has no USAGE on schema \"%s\"", grantee.name, schema.name),
                       .detail = ::psprintf("Without it, privileges on table \"%s.%s\" cannot be used.",
                                            table.schema, table.name),
                       .hint = ::psprintf("GRANT USAGE ON SCHEMA %s%s, or set_grants for the schema.",
                                          identifier(schema.name), grantee.to)});
}

void GrantsPlanner::plan_schemas(GrantFacts &facts, const RoleFacts &role, Plan &plan) const
{
    if (facts.schemas.is_empty())
        return;
    const bool is_about_future_tables = has_future_tables || access == Access::none;
    const std::span<const DefaultPrivileges> global = is_about_future_tables
                                                          ? facts.global->for_role(role.references)
                                                          : std::span<const DefaultPrivileges>{};
    const ToHold own{.role = role.role, .privileges = schema_privileges.wanted(access)};
    for (SchemaFacts &schema : facts.schemas) {
        plan.names.push(schema.named);
        plan_schema(role.role, schema.privileges, plan);
        if (is_about_future_tables)
            FutureTables{.role = role.role,
                         .access = access,
                         .grantee = grantee,
                         .schema = schema.named,
                         .privileges = schema.privileges,
                         .to_hold = to_hold.empty() ? std::span(&own, 1) : to_hold,
                         .defaults = facts.defaults_in(schema),
                         .global = global}
                .plan(facts.tables, plan);
        if (access == Access::none && notes_dependents && !is_public(role_name))
            note_dependents(facts, role, schema, plan);
    }
}

void GrantsPlanner::plan(const Target &target, std::span<const Table> tables, Plan &plan) const
{
    GlobalDefaults global{};
    GrantFacts facts = GrantFacts::of(target, tables, global);
    this->plan(facts, facts.of_role(resolve_role()), plan);
}

void GrantsPlanner::plan(GrantFacts &facts, Plan &plan) const
{
    this->plan(facts, facts.of_role(resolve_role()), plan);
}

void GrantsPlanner::plan(GrantFacts &facts, const RoleFacts &role, Plan &plan) const
{
    if (!is_public(role_name))
        plan.names.push({.catalog = AuthIdRelationId, .oid = role.role, .name = role_name});
    for (const Table &table : facts.tables)
        if (table.oid == facts.table)
            note_missing_usage(role.role, table, plan);
    plan_schemas(facts, role, plan);
    plan_tables(facts, role, plan);
}

} // namespace dj_deploy
