// Plans grants. What is said of tables is planned table by table, and left out of what is said of their
// schemas; a partition belongs to the closest table above it of which something is said.
#include "keys/grants.hpp"

namespace dj_deploy {

namespace {

// A table of which something is said, and what that is about.
struct SaidTable {
    const Grants *said;
    ::Oid oid;
    Array<Table> relations; // the table, its partitions, and the sequences of their columns
};

// What is said at tables, and for each role where.
struct SaidTables {
    struct Place {
        const char *role;
        std::size_t table; // its index

        int compare(const Place &other) const
        {
            const int roles = ::strcmp(role, other.role);
            return roles != 0 ? roles : (table > other.table) - (table < other.table);
        }
    };

    // Of all that is said of a role at tables.
    struct Exceptions {
        const char *role;
        Array<::Oid> relations; // sorted
    };

    Array<SaidTable> tables; // by OID
    Array<Place> places;     // by role and table
    Array<Exceptions> of_roles;

    static SaidTables read(const ResolvedEnvironment &resolved);

    // The relations of which something closer than of the schema is said for the role.
    std::span<const ::Oid> excepted_from_schema(const char *role) const;

    // The relations of which something closer than of the table is said: by partitions below it.
    Array<::Oid> excepted_from(const SaidTable &table, const char *role) const;

private:
    void add_exceptions();
    const SaidTable *find(const char *role, ::Oid table) const;
};

void append_oids(Array<::Oid> &oids, const SaidTable &table)
{
    for (const Table &relation : table.relations)
        oids.push(relation.oid);
}

SaidTables SaidTables::read(const ResolvedEnvironment &resolved)
{
    SaidTables all{};
    for (const NamedTable &table : resolved.named) {
        const Grants *said = table.settings->settings.find<Grants>();
        if (said == nullptr)
            continue;
        for (const Grant &grant : said->grants)
            all.places.push({.role = grant.role, .table = all.tables.count});
        all.tables.push({.said = said,
                         .oid = table.oid,
                         .relations = read_tables(Target::of_table(table.oid), GrantsPlanner::scope)});
    }
    std::sort(all.places.begin(), all.places.end(),
              [](const Place &left, const Place &right) { return left.compare(right) < 0; });
    all.add_exceptions();
    return all;
}

void SaidTables::add_exceptions()
{
    for (const Place &place : places) {
        if (of_roles.is_empty() || ::strcmp(of_roles[of_roles.count - 1].role, place.role) != 0)
            of_roles.push({.role = place.role, .relations = {}});
        append_oids(of_roles[of_roles.count - 1].relations, tables[place.table]);
    }
    for (Exceptions &exceptions : of_roles)
        std::sort(exceptions.relations.begin(), exceptions.relations.end());
}

std::span<const ::Oid> SaidTables::excepted_from_schema(const char *role) const
{
    const auto found = std::lower_bound(
        of_roles.begin(), of_roles.end(), role,
        [](const Exceptions &exceptions, const char *other) { return ::strcmp(exceptions.role, other) < 0; });
    const bool is_found = found != of_roles.end() && ::strcmp(found->role, role) == 0;
    return is_found ? found->relations.view() : std::span<const ::Oid>{};
}

const SaidTable *SaidTables::find(const char *role, ::Oid table) const
{
    const SaidTable *said = find_sorted(tables.view(), &SaidTable::oid, table);
    if (said == nullptr)
        return nullptr;
    const Place place{.role = role, .table = static_cast<std::size_t>(said - tables.begin())};
    const bool is_said =
        std::binary_search(places.begin(), places.end(), place,
                           [](const Place &left, const Place &right) { return left.compare(right) < 0; });
    return is_said ? said : nullptr;
}

Array<::Oid> SaidTables::excepted_from(const SaidTable &table, const char *role) const
{
    Array<::Oid> excepted;
    for (const Table &relation : table.relations)
        if (relation.oid != table.oid)
            if (const SaidTable *closer = find(role, relation.oid))
                append_oids(excepted, *closer);
    std::sort(excepted.begin(), excepted.end());
    return excepted;
}

// What the document makes of a schema's privileges.
struct SchemaToHold {
    ::Oid schema;
    Array<ToHold> to_hold;
};

// The planner raises the error for a role that does not exist.
Array<ToHold> to_hold_of(const Grants &said)
{
    Array<ToHold> to_hold;
    for (const Grant &grant : said.grants)
        if (const std::optional<::Oid> role = find_role(grant.role))
            to_hold.push({.role = *role, .privileges = schema_privileges.wanted(grant.access)});
    return to_hold;
}

// By OID.
Array<SchemaToHold> read_to_hold(const ResolvedEnvironment &resolved)
{
    Array<SchemaToHold> schemas;
    for (const ResolvedSchema &schema : resolved.schemas)
        if (const Grants *said = schema.settings->settings.find<Grants>())
            schemas.push({.schema = schema.oid, .to_hold = to_hold_of(*said)});
    std::sort(schemas.begin(), schemas.end(),
              [](const SchemaToHold &left, const SchemaToHold &right) { return left.schema < right.schema; });
    return schemas;
}

std::span<const ToHold> find_to_hold(const Array<SchemaToHold> &schemas, ::Oid schema)
{
    const SchemaToHold *found = find_sorted(schemas.view(), &SchemaToHold::schema, schema);
    return found != nullptr ? found->to_hold.view() : std::span<const ToHold>{};
}

struct Around {
    std::span<const ::Oid> excepted; // as of the planner
    std::span<const ToHold> to_hold;
};

void plan_grant(Draft &draft, const Grant &grant, const Around &around, GrantFacts &facts)
{
    auto planner = GrantsPlanner::of(grant.role, grant.access, grant.has_future_tables);
    planner.excepted = around.excepted;
    planner.to_hold = around.to_hold;
    Plan plan = draft.new_plan();
    with_place({grant.path}, [&] { planner.plan(facts, plan); });
    draft.add(plan);
}

GrantFacts facts_for(const Grants &said, const Target &target, std::span<const Table> relations,
                     GlobalDefaults &global)
{
    return said.grants.count > 1 ? GrantFacts::for_many_roles(target, relations, global)
                                 : GrantFacts::of(target, relations, global);
}

} // namespace

void Grants::plan(Draft &draft)
{
    const SaidTables at_tables = SaidTables::read(draft.resolved);
    const Array<SchemaToHold> to_hold = read_to_hold(draft.resolved);
    GlobalDefaults global{.reads_all = true};
    for (const ResolvedSchema &schema : draft.resolved.schemas) {
        const Grants *said = schema.settings->settings.find<Grants>();
        if (said == nullptr)
            continue;
        const Target target = Target::of_schema(schema.oid);
        const Array<Table> relations =
            read_tables(target, GrantsPlanner::scope, draft.resolved.members.view());
        GrantFacts facts = facts_for(*said, target, relations.view(), global);
        for (const Grant &grant : said->grants)
            plan_grant(draft, grant,
                       {.excepted = at_tables.excepted_from_schema(grant.role),
                        .to_hold = find_to_hold(to_hold, schema.oid)},
                       facts);
    }
    for (const SaidTable &table : at_tables.tables) {
        GrantFacts facts =
            facts_for(*table.said, Target::of_table(table.oid), table.relations.view(), global);
        const std::span<const ToHold> of_schema = find_to_hold(to_hold, ::get_rel_namespace(table.oid));
        for (const Grant &grant : table.said->grants) {
            const Array<::Oid> excepted = at_tables.excepted_from(table, grant.role);
            plan_grant(draft, grant, {.excepted = excepted.view(), .to_hold = of_schema}, facts);
        }
    }
}

} // namespace dj_deploy
