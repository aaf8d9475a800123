// apply: brings publications and schemas into the state that an environment document says, in one
// transaction.
#include "environment/plan.hpp"
#include "environment/result.hpp"
#include "operation.hpp"
#include "plan/name_list.hpp"
#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

constexpr const char *command = "apply";

void require_fingerprint(const EnvironmentPlan &planned, const char *expected)
{
    if (expected == nullptr)
        return;
    const char *actual = fingerprint_of(planned);
    if (std::string_view(expected) != actual)
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg("the plan is not the one that was reviewed"),
                errdetail("Its fingerprint is %s; expected %s.", actual,
                          shorten(expected, static_cast<int>(std::string_view(actual).size()))),
                errhint("Review the dry run again and pass its fingerprint."));
}

constexpr const char *breaking_hint =
    "Give the tables another replica identity, or leave them out of the "
    "publication. To allow this, set \"allow_breaking_writes\": true at the "
    "table in the environment.";

void warn_of_breaking(std::span<const Remark> breaking)
{
    for (const Remark &remark : breaking.first(std::min(breaking.size(), most_named)))
        ereport(WARNING, errcode(remark.sqlstate), errmsg_internal("%s", remark.message),
                errdetail_internal("%s", remark.detail), errhint("%s", breaking_hint));
    if (breaking.size() > most_named)
        ereport(WARNING, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg("writes on %zu more tables will fail", breaking.size() - most_named));
}

void require_no_breaking(std::span<const Remark> breaking)
{
    if (breaking.empty())
        return;
    ::StringInfoData detail;
    ::initStringInfo(&detail);
    for (std::size_t index = 0; index < std::min(breaking.size(), most_named); index++)
        ::appendStringInfo(&detail, "%s%s. %s", index > 0 ? "\n" : "", breaking[index].message,
                           breaking[index].detail);
    if (breaking.size() > most_named)
        ::appendStringInfo(&detail, "\nAnd %zu more.", breaking.size() - most_named);
    ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
            errmsg_plural("writes on %zu table would begin to fail",
                          "writes on %zu tables would begin to fail", breaking.size(), breaking.size()),
            errdetail_internal("%s", detail.data), errhint("%s", breaking_hint));
}

// What the document does not cover stays as it is.
void skip_uncovered(EnvironmentPlan &planned)
{
    for (const char *schema : planned.uncovered)
        planned.skipped.push(
            {.about = {.schema = schema}, .name = schema, .reason = "not covered by the environment"});
}

::Datum run(::FunctionCallInfo call)
{
    require_unrestricted(command);
    const Arguments arguments = Arguments::of(call);
    const Environment environment = request_environment(arguments);
    const char *fingerprint = arguments.optional_string("expected_fingerprint");
    const auto make = [&] {
        EnvironmentPlan planned = plan_environment(environment);
        skip_uncovered(planned);
        require_fingerprint(planned, fingerprint);
        return planned;
    };
    const auto check = [](const EnvironmentPlan &planned, int level) {
        if (level < ERROR)
            warn_of_breaking(planned.breaking.view());
        else
            require_no_breaking(planned.breaking.view());
    };
    return show_or_run(call, command, arguments.boolean("dry_run"), make, check, make_environment_report);
}

} // namespace

DJ_DEPLOY_FUNCTION(apply, keep_result<run>);

} // namespace dj_deploy
