// The same words for all operations, so that a deploy log can be searched for them.
#include "report/summary.hpp"

#include "pg/oid_set.hpp"

namespace dj_deploy {

namespace {

const char *counted(std::size_t count, const char *noun)
{
    return ::psprintf("%zu %s%s", count, noun, count == 1 ? "" : "s");
}

} // namespace

Summary Summary::of_run(const Plan &plan, const Outcome &outcome)
{
    return {.statements = outcome.statements.count,
            .tables = static_cast<std::size_t>(outcome.modified),
            .looked_at = static_cast<std::size_t>(plan.analyzed)};
}

Summary Summary::of_dry_run(const Plan &plan)
{
    Summary summary{
        .statements = plan.changes.count, .tables = 0, .looked_at = static_cast<std::size_t>(plan.analyzed)};
    const OidSet tables = OidSet::make("dj_deploy tables of a summary");
    for (const Change &change : plan.changes)
        if (change.table != nullptr && !change.table->is_sequence())
            summary.tables += tables.add(change.table->oid);
    return summary;
}

void announce(const Summary &summary, bool is_dry_run)
{
    const char *statements = counted(summary.statements, "statement");
    const char *tables = counted(summary.tables, "table");
    if (summary.statements == 0)
        ereport(NOTICE, errmsg("nothing to do for %s", counted(summary.looked_at, "table")));
    else if (is_dry_run)
        ereport(NOTICE, errmsg("dry run: %s for %s, nothing executed", statements, tables),
                errhint("To execute, call with dry_run => false."));
    else
        ereport(NOTICE, errmsg("executed %s for %s", statements, tables));
}

} // namespace dj_deploy
