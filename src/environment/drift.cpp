// Several statements about one property of one object are one difference.
#include "environment/drift.hpp"

#include "environment/result.hpp"

namespace dj_deploy {

Array<Difference> read_drift(const Environment &environment)
{
    const EnvironmentPlan plan = plan_environment(environment);
    Array<Difference> differences;
    for (const Change &change : plan.changes) {
        if (change.effect->is_intermediate)
            continue;
        const Difference difference{.object = object_of(change),
                                    .property = change.effect->property,
                                    .expected = change.effect->to,
                                    .actual = change.effect->since != nullptr ? change.effect->since
                                                                              : change.effect->from,
                                    .is_skipped = false};
        if (!differences.is_empty()) {
            const Difference &last = differences[differences.count - 1];
            if (::strcmp(last.object, difference.object) == 0 &&
                ::strcmp(last.property, difference.property) == 0)
                continue;
        }
        differences.push(difference);
    }
    for (const Skip &skip : plan.skipped)
        differences.push({.object = skip.object,
                          .property = "skipped",
                          .expected = nullptr,
                          .actual = skip.reason,
                          .is_skipped = true});
    return differences;
}

} // namespace dj_deploy
