// Arguments by name, so that an operation reads like its SQL declaration.
#include "request/arguments.hpp"

namespace dj_deploy {

Arguments Arguments::of(::FunctionCallInfo call)
{
    const ::HeapTuple procedure = ::SearchSysCache1(::PROCOID, ObjectIdGetDatum(call->flinfo->fn_oid));
    if (!HeapTupleIsValid(procedure))
        elog(ERROR, "cache lookup failed for function %u", call->flinfo->fn_oid);

    ::Oid *types = nullptr;
    char *modes = nullptr;
    Arguments arguments{.call = call, .names = nullptr, .count = 0};
    arguments.count = ::get_func_arg_info(procedure, &types, &arguments.names, &modes);
    ::ReleaseSysCache(procedure);
    if (arguments.names == nullptr)
        elog(ERROR, "function %u has no argument names", call->flinfo->fn_oid);
    return arguments;
}

bool Arguments::has(std::string_view name) const
{
    return position(name) >= 0;
}

const char *Arguments::string(std::string_view name) const
{
    return TextDatumGetCString(value(name));
}

Array<const char *> Arguments::strings(std::string_view name) const
{
    ::Datum *elements = nullptr;
    bool *are_null = nullptr;
    int element_count = 0;
    ::deconstruct_array(DatumGetArrayTypeP(value(name)), TEXTOID, -1, false, TYPALIGN_INT, &elements,
                        &are_null, &element_count);
    Array<const char *> strings;
    for (int index = 0; index < element_count; index++) {
        if (are_null[index])
            ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                    errmsg("argument \"%s\" must not contain null", names[position(name)]));
        strings.push(TextDatumGetCString(elements[index]));
    }
    return strings;
}

const char *Arguments::optional_string(std::string_view name) const
{
    return has(name) && call->args[position(name)].isnull ? nullptr : string(name);
}

int Arguments::position(std::string_view name) const
{
    for (int index = 0; index < count; index++)
        if (name == names[index])
            return index;
    return -1;
}

::Datum Arguments::value(std::string_view name) const
{
    const int index = position(name);
    if (index < 0)
        elog(ERROR, "function %u has no argument \"%s\"", call->flinfo->fn_oid, name.data());
    if (call->args[index].isnull)
        ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                errmsg("argument \"%s\" must not be null", names[index]));
    return call->args[index].value;
}

} // namespace dj_deploy
