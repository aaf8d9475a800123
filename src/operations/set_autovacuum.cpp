// set_autovacuum: storage parameters about vacuum for every table of the target.
#include "operation.hpp"
#include "planners/autovacuum.hpp"

namespace dj_deploy {

namespace {

struct SetAutovacuum : AutovacuumPlanner {
    static constexpr const char *command = "ALTER TABLE";

    static SetAutovacuum request(const Arguments &arguments)
    {
        const JsonValue parameters = arguments.json("parameters");
        if (!parameters.is_object())
            ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("parameters must be a JSON object of parameter names and values"));
        return {{.parameters = read_storage_parameters(parameters)}};
    }
};

} // namespace

DJ_DEPLOY_OPERATION(set_autovacuum, run_operation, SetAutovacuum);

} // namespace dj_deploy
