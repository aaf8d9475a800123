// The list stays jsonb; each statement is copied out when it is its turn.
#include "request/statements.hpp"

namespace dj_deploy {

void StatementList::refuse(std::size_t index, const char *reason) const
{
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("invalid plan: %s[%zu] %s", path, index, reason),
            errhint("A plan is the result of a set_ function or of apply, or an array of such statements."));
    ::pg_unreachable();
}

std::string_view StatementList::text(std::size_t index) const
{
    ::JsonbValue *entry = ::getIthJsonbValueFromContainer(array, static_cast<std::uint32_t>(index));
    if (entry == nullptr || entry->type != ::jbvString)
        refuse(index, "is not a string");
    const std::string_view found(entry->val.string.val, static_cast<std::size_t>(entry->val.string.len));
    ::pfree(entry);
    return found;
}

StatementList request_statements(const Arguments &arguments)
{
    JsonValue plan = arguments.json("plan");
    const char *path = "$";
    if (plan.is_object()) {
        if (::getKeyJsonValueFromContainer(plan.value.val.binary.data, "refused", 7, nullptr) != nullptr)
            ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("the plan is one that apply would refuse"),
                    errdetail("Writes would begin to fail; \"refused\" in the plan lists them."));
        const ::JsonbValue *ddl =
            ::getKeyJsonValueFromContainer(plan.value.val.binary.data, "ddl", 3, nullptr);
        plan = ddl != nullptr ? JsonValue{*ddl} : JsonValue{};
        path = "$.ddl";
    }
    if (!plan.is_array())
        ereport(
            ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("invalid plan: %s is not an array of statements", path),
            errhint("A plan is the result of a set_ function or of apply, or an array of such statements."));
    ::JsonbContainer *array = plan.value.val.binary.data;
    return {.array = array, .path = path, .count = JsonContainerSize(array)};
}

} // namespace dj_deploy
