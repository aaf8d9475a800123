// From the parser's nodes; where a shape is not met, what has been filled in means nothing.
#include "plan/statement_shapes.hpp"

namespace dj_deploy {

const ::List *read_alter_table(const ::Node *parsed, StatementNames &names)
{
    const auto *statement = as<::AlterTableStmt>(parsed, ::T_AlterTableStmt);
    if (statement == nullptr || statement->objtype != ::OBJECT_TABLE || statement->missing_ok ||
        !statement->relation->inh)
        return nullptr;
    names.table = statement->relation;
    return statement->cmds;
}

namespace {

bool is_about(const ::AlterTableCmd &command, ::AlterTableType action,
              bool (*is_ours)(const ::DefElem &parameter))
{
    if (command.subtype != action)
        return false;
    const auto *parameters = castNode(List, command.def);
    for (int index = 0; index < ::list_length(parameters); index++)
        if (!is_ours(*list_nth_node(DefElem, parameters, index)))
            return false;
    return true;
}

} // namespace

bool read_parameters(const ::Node *parsed, bool (*is_ours)(const ::DefElem &parameter), StatementNames &names)
{
    const ::List *commands = read_alter_table(parsed, names);
    int count = 0;
    for (const ::AlterTableType action : {::AT_SetRelOptions, ::AT_ResetRelOptions})
        count += count < ::list_length(commands) &&
                 is_about(*list_nth_node(AlterTableCmd, commands, count), action, is_ours);
    return count > 0 && count == ::list_length(commands);
}

const ::PublicationTable *read_member(const ::Node *parsed, ::AlterPublicationAction action,
                                      StatementNames &names)
{
    const auto *statement = as<::AlterPublicationStmt>(parsed, ::T_AlterPublicationStmt);
    if (statement == nullptr || statement->action != action || ::list_length(statement->pubobjects) != 1)
        return nullptr;
    const auto *object = linitial_node(PublicationObjSpec, statement->pubobjects);
    if (object->pubobjtype != ::PUBLICATIONOBJ_TABLE)
        return nullptr;
    names.table = object->pubtable->relation;
    names.publication = statement->pubname;
    return object->pubtable;
}

bool is_plain_grant(const ::GrantStmt &parsed)
{
    if (::list_length(parsed.grantees) != 1 || parsed.grantor != nullptr ||
        parsed.behavior != ::DROP_RESTRICT)
        return false;
    const auto *grantee = linitial_node(RoleSpec, parsed.grantees);
    return grantee->roletype == ::ROLESPEC_CSTRING || grantee->roletype == ::ROLESPEC_PUBLIC;
}

const ::Node *only_object(const ::GrantStmt &parsed)
{
    if (parsed.targtype != ::ACL_TARGET_OBJECT || ::list_length(parsed.objects) != 1)
        return nullptr;
    return static_cast<const ::Node *>(linitial(parsed.objects));
}

} // namespace dj_deploy
