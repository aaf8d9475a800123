// Another engine is one more file, and one more name here.
#include "cluster/engine.hpp"

namespace dj_deploy {

namespace {

constexpr std::array engines = {&citus};

} // namespace

const Engine *engine_here()
{
    for (const Engine *engine : engines)
        if (::GetConfigOption(engine->passes_on.name, true, false) != nullptr &&
            OidIsValid(::get_extension_oid(engine->extension, true)))
            return engine;
    return nullptr;
}

} // namespace dj_deploy
