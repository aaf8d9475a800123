// Judges the environment as it will be when all is done: one part may break what another one mends.
#include "environment/breaking.hpp"

#include "catalog/ancestors.hpp"
#include "catalog/relation_name.hpp"
#include "pg/context.hpp"
#include "planners/publishing_harm.hpp"

namespace dj_deploy {

namespace {

// Those of the document, and those of other schemas that publications with other options publish.
Facts read_facts(const Parts &parts)
{
    Array<::Oid> tables;
    for (const Table *table : parts.tables)
        tables.push(table->oid);
    for (const PublicationMember &member : parts.intent.dropped)
        tables.push(member.table);
    // What the partitions of a table send has the key of the table.
    Array<::Oid> identified;
    for (const Identity &identity : parts.intent.identities)
        if (identity.kind != REPLICA_IDENTITY_FULL)
            identified.push(identity.table);
    append(tables, read_partitions_of(identified.view()));
    if (!parts.intent.publications.is_empty())
        for (const ::Oid table : read_published_tables(parts.intent.publications.view()))
            tables.push(table);
    return Facts::read(tables.view());
}

bool is_allowed(const ResolvedEnvironment &resolved, const Relation &table)
{
    const auto allows = [&](::Oid oid) {
        const TableSettings *settings = resolved.find(oid);
        return settings != nullptr && settings->allows_breaking_writes;
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

} // namespace

Array<Remark> judge_harm(Parts &parts)
{
    Array<Remark> refused;
    if (parts.intent.is_empty())
        return refused;
    const Facts facts = read_facts(parts);
    const Scenario before = Scenario::of(facts);
    const Scenario after = Scenario::of(facts, parts.intent);
    const ::MemoryContext context = ::CurrentMemoryContext;
    for_each_in_scratch(by_name(facts), [&](const NamedRelation &named) {
        const Array<BrokenWrite> begun = find_begun(before, after, *named.relation);
        if (begun.is_empty())
            return;
        const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
        const bool is_allowed_here = is_allowed(parts.resolved, *named.relation);
        (is_allowed_here ? parts.plan.remarks : refused).push(remark_about(begun[0], after));
        ::MemoryContextSwitchTo(scratch);
    });
    warn_of_consumer_harm(before, after, parts.plan);
    return refused;
}

} // namespace dj_deploy
