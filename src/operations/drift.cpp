// drift: how the database differs from an environment document.
#include "environment/drift.hpp"
#include "rowset.hpp"

namespace dj_deploy {

namespace {

struct Drift {
    static constexpr const char *name = "drift";

    Environment environment;

    static Drift request(const Arguments &arguments)
    {
        return {.environment = request_environment(arguments)};
    }

    void fill(const Rows &rows) const
    {
        for (const Difference &difference : read_drift(environment))
            rows.add({{Cell::text(difference.object), Cell::text(difference.property),
                       Cell::text(difference.expected), Cell::text(difference.actual)}});
    }
};

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_REPORT(drift, dj_deploy::Drift);
