// The part of the skeleton that needs no template: what every call is refused for, whatever it asks.
#include "operation.hpp"

namespace dj_deploy {

void require_unrestricted(const char *command)
{
    ::PreventCommandIfParallelMode(command);
    if (::InSecurityRestrictedOperation())
        ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                errmsg("cannot execute %s within security-restricted operation", command));
}

void require_writable(const char *command)
{
    ::PreventCommandIfReadOnly(command);
}

} // namespace dj_deploy
