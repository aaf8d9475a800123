// describe: the environment document of what is.
#include "environment/description.hpp"
#include "operation.hpp"

namespace dj_deploy {

namespace {

::Datum run(::FunctionCallInfo call)
{
    require_unrestricted("describe");
    const Array<const char *> schemas = request_target(Arguments::of(call)).schemas;
    ::AcceptInvalidationMessages();
    Description description = Description::of(schemas.view());
    for (const Key *key : all_keys())
        key->describe(description);
    return make_document(description);
}

} // namespace

DJ_DEPLOY_FUNCTION(describe, keep_result<run>);

} // namespace dj_deploy
