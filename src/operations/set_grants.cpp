// set_grants: what a role may do in schemas, or with one table.
#include "operation.hpp"
#include "planners/grants.hpp"

namespace dj_deploy {

namespace {

struct SetGrants : GrantsPlanner {
    static constexpr const char *command = "GRANT";

    static SetGrants request(const Arguments &arguments)
    {
        const char *role = arguments.string("role");
        require_name("role", role);
        const bool has_future_tables = arguments.has("future_tables") && arguments.boolean("future_tables");
        return {GrantsPlanner::of(role, request_access(arguments), has_future_tables)};
    }
};

} // namespace

DJ_DEPLOY_OPERATION(set_grants, run_operation, SetGrants);

} // namespace dj_deploy
