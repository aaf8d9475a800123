// Asks the model, as apply does of its plan.
#include "run/rollout_harm.hpp"

#include "pg/context.hpp"
#include "plan/plan.hpp"
#include "planners/publishing_harm.hpp"
#include "run/rollout_intent.hpp"

namespace dj_deploy {

namespace {

// The tables that the intent is about, and what changed or removed publications publish of others.
Facts read_facts(const PlanIntent &planned)
{
    Array<::Oid> tables;
    for (const ::Oid table : planned.tables)
        tables.push(table);
    Array<Publication> whole;
    for (const Publication &publication : planned.intent.publications)
        whole.push(publication);
    for (const ::Oid removed : planned.intent.removed)
        if (const std::optional<Publication> publication = read_publication(removed))
            whole.push(*publication);
    if (!whole.is_empty())
        for (const ::Oid table : read_published_tables(whole.view()))
            tables.push(table);
    for (const ::Oid table : read_partitions_of(planned.tables.view()))
        tables.push(table);
    return Facts::read(tables.view());
}

} // namespace

void warn_of_harm(const StatementList &list)
{
    const PlanIntent planned = read_intent(list);
    if (planned.intent.is_empty())
        return;
    const Facts facts = read_facts(planned);
    const Scenario before = Scenario::of(facts);
    const Scenario after = Scenario::of(facts, planned.intent);
    Plan plan{};
    const ::MemoryContext context = ::CurrentMemoryContext;
    for_each_in_scratch(facts.relations, [&](const Relation &relation) {
        const Array<BrokenWrite> begun = find_begun(before, after, relation);
        if (begun.is_empty())
            return;
        const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
        plan.remarks.push(remark_about(begun[0], after));
        ::MemoryContextSwitchTo(scratch);
    });
    warn_of_consumer_harm(before, after, plan);
    warn_of_slots_behind(planned.made.view(), plan);
    announce(plan);
}

} // namespace dj_deploy
