// assert_converged: an error that lists how the database differs from an environment document, or nothing.
#include "environment/drift.hpp"
#include "environment/same.hpp"
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

// What holds in several schemas is one line.
Array<const char *> describe_differences(std::span<const Difference> differences)
{
    Array<const char *> lines;
    for (const Difference &difference : differences)
        lines.push(describe_difference(difference));
    keep_first_of_same(lines, ::strcmp);
    return lines;
}

const char *join(const Array<const char *> &lines)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (std::size_t index = 0; index < std::min(lines.count, most_named); index++)
        ::appendStringInfo(&text, "%s%s.", index > 0 ? "\n" : "", lines[index]);
    if (lines.count > most_named)
        ::appendStringInfo(&text, "\nAnd %zu more.", lines.count - most_named);
    return text.data;
}

// apply() leaves what is skipped and what is not covered.
const char *advise(const Array<Difference> &differences)
{
    const auto is_planned = [](const Difference &difference) { return difference.is_planned; };
    const auto planned =
        static_cast<std::size_t>(std::count_if(differences.begin(), differences.end(), is_planned));
    if (planned == 0)
        return "drift() lists all of them. apply() leaves them as they are.";
    return planned == differences.count
               ? "drift() lists all of them, apply() shows and makes the changes."
               : "drift() lists all of them, apply() shows and makes the changes that are possible.";
}

::Datum run(::FunctionCallInfo call)
{
    require_unrestricted("assert_converged");
    const Array<Difference> differences = read_drift(request_environment(Arguments::of(call)));
    if (differences.is_empty())
        PG_RETURN_VOID();
    const Array<const char *> lines = describe_differences(differences.view());
    ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
            errmsg_plural("environment has drifted: %zu difference",
                          "environment has drifted: %zu differences", lines.count, lines.count),
            errdetail_internal("%s", join(lines)), errhint("%s", advise(differences)));
    PG_RETURN_VOID();
}

} // namespace

DJ_DEPLOY_FUNCTION(assert_converged, run);

} // namespace dj_deploy
