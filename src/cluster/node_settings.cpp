// Nothing is set where no engine is loaded, or where this database does not use it.
#include "cluster/node_settings.hpp"

#include "cluster/engine.hpp"
#include "pg/query.hpp"

namespace dj_deploy {

namespace {

void set_lock_timeout(const char *value)
{
    const char *statement =
        ::psprintf("DO LANGUAGE plpgsql $$ BEGIN SET LOCAL lock_timeout TO %s; END $$", value);
    with_spi([&] { ::SPI_execute(statement, false, 0); });
}

} // namespace

const char *begin_on_nodes(int former_lock_timeout)
{
    const Engine *engine = engine_here();
    if (engine == nullptr)
        return nullptr;
    const char *passed_on = ::GetConfigOption(engine->passes_on.name, false, false);
    const bool was_passed_on = ::strcmp(passed_on, engine->passes_on.value) == 0;
    const char *afterwards = was_passed_on ? ::psprintf("%d", former_lock_timeout) : "DEFAULT";
    set_in_bracket(engine->sequential);
    set_in_bracket(engine->passes_on);
    set_lock_timeout(::psprintf("%d", ::LockTimeout));
    return afterwards;
}

void end_on_nodes(const char *lock_timeout)
{
    if (lock_timeout != nullptr)
        set_lock_timeout(lock_timeout);
}

} // namespace dj_deploy
