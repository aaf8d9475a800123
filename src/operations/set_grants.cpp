// set_grants: what a role may do in schemas.
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
        return {GrantsPlanner::of(role, request_access(arguments), arguments.boolean("future_tables"))};
    }
};

} // namespace

DJ_DEPLOY_OPERATION(set_grants, run_operation, SetGrants);

} // namespace dj_deploy
