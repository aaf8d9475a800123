// describe: the environment document of what is.
#include "environment/description.hpp"
#include "operation.hpp"

namespace dj_deploy {

namespace {

Array<const char *> request_schemas(const Arguments &arguments)
{
    const Array<const char *> schemas = arguments.strings("schemas");
    for (const char *schema : schemas)
        require_name("schema", schema);
    return schemas;
}

::Datum run(::FunctionCallInfo call)
{
    require_unrestricted("describe");
    const Array<const char *> schemas = request_schemas(Arguments::of(call));
    ::AcceptInvalidationMessages();
    Description description = Description::of(schemas.view());
    for (const Key *key : all_keys())
        key->describe(description);
    return make_document(description);
}

} // namespace

DJ_DEPLOY_FUNCTION(describe, keep_result<run>);

} // namespace dj_deploy
