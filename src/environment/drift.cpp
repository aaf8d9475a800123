// Several statements about one property of one object are one difference.
#include "environment/drift.hpp"

#include "environment/result.hpp"

namespace dj_deploy {

namespace {

bool is_same(const Difference &left, const Difference &right)
{
    return ::strcmp(left.property, right.property) == 0 &&
           ::strcmp(left.about.text(), right.about.text()) == 0;
}

} // namespace

Array<Difference> read_drift(const Environment &environment)
{
    const EnvironmentPlan plan = plan_environment(environment);
    announce(plan.notices.view());
    Array<Difference> differences;
    for (const Change &change : plan.changes) {
        if (change.effect->is_intermediate)
            continue;
        const Effect &effect = *change.effect;
        const Difference difference{.about = about_change(change),
                                    .property = effect.property,
                                    .old_value = effect.since != nullptr ? effect.since : effect.old_value,
                                    .new_value = effect.new_value,
                                    .reason = nullptr,
                                    .is_planned = true};
        if (differences.is_empty() || !is_same(differences[differences.count - 1], difference))
            differences.push(difference);
    }
    for (const Skip &skip : plan.skipped)
        differences.push({.about = skip.about,
                          .property = "skipped",
                          .old_value = nullptr,
                          .new_value = nullptr,
                          .reason = skip.reason,
                          .is_planned = false});
    for (const char *schema : plan.uncovered)
        differences.push({.about = {.schema = schema},
                          .property = "coverage",
                          .old_value = nullptr,
                          .new_value = "an entry or a pattern",
                          .reason = nullptr,
                          .is_planned = false});
    return differences;
}

} // namespace dj_deploy
