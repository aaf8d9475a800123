// "allow_breaking_writes": true at a table, or a partitioned table above it: UPDATE or DELETE may begin to
// fail there. Planned last, when all other keys are: judges the environment as it will be when all is done,
// for one key may break what another one mends.
#include "catalog/relation_name.hpp"
#include "environment/description.hpp"
#include "environment/draft.hpp"
#include "pg/context.hpp"
#include "pg/oid_set.hpp"
#include "planners/publishing_harm.hpp"

namespace dj_deploy {

namespace {

struct AllowBreakingWrites {
    static constexpr const char *name = "allow_breaking_writes";
    static constexpr std::array levels = {Level::table};
    static constexpr int turn = 90;

    bool allows;

    static AllowBreakingWrites read(const Path &path, const JsonValue &json, Level)
    {
        return {.allows = require_boolean(path, json)};
    }
    ::JsonbValue write() const { return make_boolean(allows); }
    static void plan(Draft &draft);
    static void describe(Description &description);
};

// Those of the document, and those of other schemas that publications with other options publish.
Facts read_facts(const Draft &draft)
{
    Array<::Oid> tables;
    for (const Table *table : draft.tables)
        tables.push(table->oid);
    for (const PublicationMember &member : draft.intent.dropped)
        tables.push(member.table);
    // What the partitions of a table send has the key of the table.
    Array<::Oid> identified;
    for (const Identity &identity : draft.intent.identities)
        if (identity.kind != REPLICA_IDENTITY_FULL)
            identified.push(identity.table);
    append(tables, read_partitions_of(identified.view()));
    if (!draft.intent.publications.is_empty())
        for (const ::Oid table : read_published_tables(draft.intent.publications.view()))
            tables.push(table);
    return Facts::read(tables.view());
}

bool is_allowed(const ResolvedEnvironment &resolved, const Relation &table)
{
    const auto allows = [&](::Oid oid) {
        const TableSettings *table = resolved.find(oid);
        const auto *said = table != nullptr ? table->settings.find<AllowBreakingWrites>() : nullptr;
        return said != nullptr && said->allows;
    };
    return allows(table.oid) || std::any_of(table.ancestors.begin(), table.ancestors.end(), allows);
}

struct NamedRelation {
    const Relation *relation;
    RelationName name;
};

// As a person looks for them.
Array<NamedRelation> by_name(const Facts &facts)
{
    Array<NamedRelation> named;
    for (const Relation &relation : facts.relations)
        if (const RelationName name = read_relation_name(relation.oid); name.name != nullptr)
            named.push({.relation = &relation, .name = name});
    std::sort(named.begin(), named.end(), [](const NamedRelation &left, const NamedRelation &right) {
        const int names = ::strcmp(left.name.name, right.name.name);
        return names != 0 ? names < 0 : ::strcmp(left.name.schema, right.name.schema) < 0;
    });
    return named;
}

// What consumers no longer receive, or in another way, is told with the plan's remarks.
void AllowBreakingWrites::plan(Draft &draft)
{
    if (draft.intent.is_empty())
        return;
    const Facts facts = read_facts(draft);
    const Scenario before = Scenario::of(facts);
    const Scenario after = Scenario::of(facts, draft.intent);
    const ::MemoryContext context = ::CurrentMemoryContext;
    for_each_in_scratch(by_name(facts), [&](const NamedRelation &named) {
        const Array<BrokenWrite> begun = find_begun(before, after, *named.relation);
        if (begun.is_empty())
            return;
        const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
        const bool is_allowed_here = is_allowed(draft.resolved, *named.relation);
        (is_allowed_here ? draft.plan.remarks : draft.breaking).push(remark_about(begun[0], after));
        ::MemoryContextSwitchTo(scratch);
    });
    warn_of_consumer_harm(before, after, draft.plan);
}

// Those of the described tables on which UPDATE or DELETE fails now.
OidSet read_broken(Description &description)
{
    const Facts &facts = description.publishing();
    const Scenario present = Scenario::of(facts);
    const OidSet broken = OidSet::make("dj_deploy tables with broken writes");
    for_each_in_scratch(facts.relations, [&](const Relation &relation) {
        if (!present.broken_writes(relation).is_empty())
            broken.add(relation.oid);
    });
    return broken;
}

// Elsewhere the document would be refused for what has happened here already.
void AllowBreakingWrites::describe(Description &description)
{
    if (description.settings.all.is_empty())
        return;
    const OidSet broken = read_broken(description);
    for (std::size_t index = 0; index < description.described; index++)
        for (const Table &table : description.tables_of(index))
            if (!table.is_member && broken.has(table.oid))
                description.settings_of(table).set(AllowBreakingWrites{.allows = true});
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::AllowBreakingWrites);
