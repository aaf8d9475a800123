// Citus executes what is said of a distributed table on its shards, over connections of its own. Of the
// settings of a session only a SET LOCAL reaches these, only if another setting asks for that, and of one
// within a function only that of a DO block. Another engine is one more line.
#include "run/engine.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

struct Engine {
    Setting passes_on;  // SET LOCAL reaches the nodes
    Setting sequential; // statements of one transaction share a connection a node
};

constexpr std::array engines = {
    Engine{.passes_on = {"citus.propagate_set_commands", "local"},
           .sequential = {"citus.multi_shard_modify_mode", "sequential"}},
};

void set_lock_timeout(const char *value)
{
    const char *statement =
        ::psprintf("DO LANGUAGE plpgsql $$ BEGIN SET LOCAL lock_timeout TO %s; END $$", value);
    with_spi([&] { ::SPI_execute(statement, false, 0); });
}

} // namespace

const char *begin_on_nodes(int former_lock_timeout)
{
    const char *afterwards = nullptr;
    for (const Engine &engine : engines) {
        const char *passed_on = ::GetConfigOption(engine.passes_on.name, true, false);
        if (passed_on == nullptr)
            continue;
        const bool was_passed_on = ::strcmp(passed_on, engine.passes_on.value) == 0;
        afterwards = was_passed_on ? ::psprintf("%d", former_lock_timeout) : "DEFAULT";
        set_in_bracket(engine.sequential);
        set_in_bracket(engine.passes_on);
        set_lock_timeout(::psprintf("%d", ::LockTimeout));
    }
    return afterwards;
}

void end_on_nodes(const char *lock_timeout)
{
    if (lock_timeout != nullptr)
        set_lock_timeout(lock_timeout);
}

} // namespace dj_deploy
