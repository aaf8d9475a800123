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
        for (const Difference &difference : read_drift(environment)) {
            const auto [schema, table, object] = difference.about.cells();
            rows.add(
                {{schema, table, object, Cell::text(difference.property), Cell::text(difference.old_value),
                  Cell::text(difference.new_value), Cell::text(difference.reason)}});
        }
    }
};

} // namespace

DJ_DEPLOY_FUNCTION(drift, run_report<Drift>);

} // namespace dj_deploy
