// assert_converged: an error that lists how the database differs from an environment document, or nothing.
#include "environment/drift.hpp"
#include "operation.hpp"
#include "plan/name_list.hpp"

namespace dj_deploy {

namespace {

const char *or_nothing(const char *value)
{
    return value != nullptr ? value : "nothing";
}

// "lab"."session": replica_identity is default, expected full
const char *describe_difference(const Difference &difference)
{
    const char *about = difference.about.text();
    if (difference.reason != nullptr)
        return ::psprintf("%s: cannot be changed: %s", about, difference.reason);
    return ::psprintf("%s: %s is %s, expected %s", about, difference.property,
                      or_nothing(difference.old_value), or_nothing(difference.new_value));
}

const char *describe_differences(std::span<const Difference> differences)
{
    ::StringInfoData lines;
    ::initStringInfo(&lines);
    for (std::size_t index = 0; index < std::min(differences.size(), most_named); index++)
        ::appendStringInfo(&lines, "%s%s.", index > 0 ? "\n" : "", describe_difference(differences[index]));
    if (differences.size() > most_named)
        ::appendStringInfo(&lines, "\nAnd %zu more.", differences.size() - most_named);
    return lines.data;
}

::Datum run(::FunctionCallInfo call)
{
    require_unrestricted("assert_converged");
    const Array<Difference> differences = read_drift(request_environment(Arguments::of(call)));
    if (!differences.is_empty())
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg_plural("environment has drifted: %zu difference",
                              "environment has drifted: %zu differences", differences.count,
                              differences.count),
                errdetail_internal("%s", describe_differences(differences.view())),
                errhint("drift() lists all of them, apply() shows and makes the changes."));
    PG_RETURN_VOID();
}

} // namespace

DJ_DEPLOY_FUNCTION(assert_converged, run);

} // namespace dj_deploy
