// The names of the accesses.
#include "request/access.hpp"

namespace dj_deploy {

namespace {

constexpr std::array access_names = {"none", "read", "write", "all"};

} // namespace

Access request_access(const Arguments &arguments)
{
    const char *access = arguments.string("access");
    for (std::size_t index = 0; index < access_names.size(); index++)
        if (::pg_strcasecmp(access, access_names[index]) == 0)
            return static_cast<Access>(index);
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("access must be 'none', 'read', 'write' or 'all'; got '%s'", access));
    ::pg_unreachable();
}

} // namespace dj_deploy
