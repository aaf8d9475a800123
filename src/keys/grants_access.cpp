// A role has the access for which the planner of grants plans nothing; where that holds for a schema but for
// some of its tables, what holds for these is said of them.
#include "keys/grants_access.hpp"

#include "pg/context.hpp"
#include "pg/oid_set.hpp"

namespace dj_deploy {

KnownSchema KnownSchema::read(::Oid schema, std::span<const Table> relations, GlobalDefaults &global)
{
    KnownSchema known{.relations = relations,
                      .facts = GrantFacts::for_many_roles(Target::of_schema(schema), relations, global),
                      .of_tables = {}};
    known.of_tables.resize(relations.size());
    return known;
}

GrantFacts &KnownSchema::facts_of(const Table &table) const
{
    GrantFacts *&facts = of_tables[&table - relations.data()];
    if (facts == nullptr)
        in_context(context, [&] {
            const Target target = Target::of_table(table.oid);
            const Array<Table> parts = read_tables(target, GrantsPlanner::scope);
            facts = keep_value(GrantFacts::for_many_roles(target, parts.view(), *this->facts.global));
        });
    return *facts;
}

namespace {

// What the planner would do, for people who do not look at what it remarks on a role that has nothing.
Plan plan_of(const Grant &grant, const RoleFacts &role, GrantFacts &facts)
{
    Plan plan{};
    auto planner = GrantsPlanner::of(grant.role, grant.access, grant.has_future_tables);
    planner.notes_dependents = false;
    planner.plan(facts, role, plan);
    return plan;
}

bool is_settled(const Plan &plan)
{
    return plan.changes.is_empty() && plan.skipped.is_empty();
}

// The access that a role holds exactly on a table, its partitions and sequences. Returns false for none.
bool find_table_access(const Candidate &role, GrantFacts &of_table, Access &access)
{
    const RoleFacts known = of_table.of_role(role.oid);
    for (const Access candidate : {Access::none, Access::read, Access::write, Access::all}) {
        const Grant grant{
            .role = role.name, .path = nullptr, .access = candidate, .has_future_tables = false};
        if (!is_settled(plan_of(grant, known, of_table)))
            continue;
        access = candidate;
        return true;
    }
    return false;
}

// Adds the exceptions after which the plan would be empty. Returns false where so many are not enough.
bool find_exceptions(const Candidate &role, const Plan &plan, std::size_t most, HeldAccess &held)
{
    const OidSet open = OidSet::make("dj_deploy relations with other privileges");
    Array<const Table *> tables;
    for (const Change &change : plan.changes) {
        if (change.table == nullptr)
            return false;
        if (open.add(change.table->oid) && !change.table->is_sequence())
            tables.push(change.table);
    }
    const auto is_top = [](const Table *table) { return !table->is_partition; };
    if (std::count_if(tables.begin(), tables.end(), is_top) > static_cast<std::ptrdiff_t>(most))
        return false;
    for (const Table *table : from_the_top(tables.view())) {
        const bool is_table = table->relkind == RELKIND_RELATION || table->is_partitioned();
        if (!open.has(table->oid))
            continue;
        Access access = Access::none;
        if (!is_table || held.exceptions.count == most)
            return false;
        GrantFacts &of_table = role.schema.facts_of(*table);
        if (!find_table_access(role, of_table, access))
            return false;
        held.exceptions.push({.table = table, .access = access});
        for (const Table &relation : of_table.tables)
            open.remove(relation.oid);
    }
    return ::hash_get_num_entries(open.table) == 0;
}

// Returns false where the role does not hold the access in the schema with so many exceptions.
bool find_held(const Candidate &role, HeldAccess &held, std::size_t most)
{
    const Plan plan = plan_of(held.grant, role.known, role.facts);
    if (!plan.skipped.is_empty() || !find_exceptions(role, plan, most, held))
        return false;
    if (held.grant.access == Access::none)
        return true;
    Grant with_future = held.grant;
    with_future.has_future_tables = true;
    const Plan of_future = plan_of(with_future, role.known, role.facts);
    held.grant.has_future_tables = of_future.skipped.is_empty() &&
                                   of_future.changes.count == plan.changes.count &&
                                   of_future.remarks.count == plan.remarks.count;
    return true;
}

} // namespace

bool find_held_access(const Candidate &role, HeldAccess &found)
{
    std::size_t tables = 0;
    for (const Table &relation : role.schema.relations)
        tables += relation.relkind == RELKIND_RELATION || relation.is_partitioned();
    bool is_found = false;
    std::size_t most = tables / 2;
    for (const Access access : {Access::read, Access::write, Access::all, Access::none}) {
        HeldAccess held{
            .grant = {.role = role.name, .path = nullptr, .access = access, .has_future_tables = false},
            .exceptions = {}};
        if (!find_held(role, held, most))
            continue;
        found = held;
        is_found = true;
        if (held.exceptions.is_empty())
            break;
        most = held.exceptions.count - 1;
    }
    return is_found;
}

} // namespace dj_deploy
