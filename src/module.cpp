// Module magic and settings.
#include "run/lock.hpp"

extern "C" {

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "datajoint_deploy", .version = DJ_DEPLOY_VERSION);
#else
PG_MODULE_MAGIC;
#endif

void _PG_init(void)
{
    ::DefineCustomIntVariable("dj_deploy.lock_timeout",
                              "Sets the longest wait for a table's lock where lock_timeout is 0.",
                              "0 waits for ever.", &dj_deploy::lock_timeout, dj_deploy::lock_timeout, 0,
                              INT_MAX, ::PGC_USERSET, GUC_UNIT_MS, nullptr, nullptr, nullptr);
    ::MarkGUCPrefixReserved("dj_deploy");
}

} // extern "C"
