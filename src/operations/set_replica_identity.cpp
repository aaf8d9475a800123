// set_replica_identity: REPLICA IDENTITY FULL or DEFAULT for every table of the target.
#include "operation.hpp"
#include "planners/replica_identity.hpp"
#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

char request_identity(const Arguments &arguments)
{
    const char *mode = arguments.string("mode");
    if (::pg_strcasecmp(mode, "full") == 0)
        return REPLICA_IDENTITY_FULL;
    if (::pg_strcasecmp(mode, "default") == 0)
        return REPLICA_IDENTITY_DEFAULT;
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("mode must be 'default' or 'full'; got '%s'", shorten(mode)));
    ::pg_unreachable();
}

struct SetReplicaIdentity : ReplicaIdentityPlanner {
    static constexpr const char *command = "ALTER TABLE";

    static SetReplicaIdentity request(const Arguments &arguments)
    {
        return {{.identity = request_identity(arguments),
                 .index = nullptr,
                 .skip_unchanged = arguments.has("skip_unchanged") && arguments.boolean("skip_unchanged")}};
    }
};

} // namespace

DJ_DEPLOY_OPERATION(set_replica_identity, run_operation, SetReplicaIdentity);

} // namespace dj_deploy
