// The names of the accesses.
#include "request/access.hpp"

#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

constexpr std::array access_names = {"none", "read", "write", "all"};

} // namespace

bool find_access(const char *name, Access &access)
{
    for (std::size_t index = 0; index < access_names.size(); index++)
        if (::pg_strcasecmp(name, access_names[index]) == 0) {
            access = static_cast<Access>(index);
            return true;
        }
    return false;
}

const char *access_name(Access access)
{
    return access_names[static_cast<std::size_t>(access)];
}

Access request_access(const Arguments &arguments)
{
    const char *name = arguments.string("access");
    Access access = Access::none;
    if (!find_access(name, access))
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("access must be 'none', 'read', 'write' or 'all'; got '%s'", shorten(name)));
    return access;
}

} // namespace dj_deploy
