// An owner's REVOKE takes away what the owner granted, in the columns too; it fails where the role has passed
// a privilege on, and does not reach what others granted.
#include "plan/privileges.hpp"

#include "plan/privilege_effects.hpp"
#include "plan/quote.hpp"
#include "plan/statement_shapes.hpp"

namespace dj_deploy {

namespace {

// SELECT ("note"), and no privilege of the whole table.
bool has_only_columns(const ::GrantStmt &statement)
{
    for (int index = 0; index < ::list_length(statement.privileges); index++)
        if (list_nth_node(AccessPriv, statement.privileges, index)->cols == NIL)
            return false;
    return statement.privileges != NIL;
}

// ALL or SELECT, INSERT; to bring back what was in columns, also SELECT ("note").
bool has_plain_privileges(const ::GrantStmt &statement, bool may_name_columns)
{
    for (int index = 0; index < ::list_length(statement.privileges); index++)
        if (!may_name_columns && list_nth_node(AccessPriv, statement.privileges, index)->cols != NIL)
            return false;
    return is_plain_grant(statement);
}

// GRANT SELECT ON TABLE "lab"."session" TO "analyst"
bool read_table_privileges(const ::Node *parsed, StatementNames &names)
{
    const auto *statement = as<::GrantStmt>(parsed, ::T_GrantStmt);
    const ::Node *object = statement != nullptr ? only_object(*statement) : nullptr;
    if (object == nullptr ||
        (statement->objtype != ::OBJECT_TABLE && statement->objtype != ::OBJECT_SEQUENCE))
        return false;
    names.table = as<::RangeVar>(object, ::T_RangeVar);
    names.has_only_columns = has_only_columns(*statement);
    return has_plain_privileges(*statement, statement->is_grant);
}

// GRANT USAGE ON SCHEMA "lab" TO "analyst"
bool read_schema_privileges(const ::Node *parsed, StatementNames &names)
{
    const auto *statement = as<::GrantStmt>(parsed, ::T_GrantStmt);
    const ::Node *object = statement != nullptr ? only_object(*statement) : nullptr;
    if (object == nullptr || statement->objtype != ::OBJECT_SCHEMA)
        return false;
    names.schema = reinterpret_cast<const ::String *>(object)->sval;
    return has_plain_privileges(*statement, false);
}

// ALTER DEFAULT PRIVILEGES FOR ROLE "ana" IN SCHEMA "lab" GRANT SELECT ON TABLES TO "analyst"
bool read_default_privileges(const ::Node *parsed, StatementNames &names)
{
    const auto *statement = as<::AlterDefaultPrivilegesStmt>(parsed, ::T_AlterDefaultPrivilegesStmt);
    if (statement == nullptr || ::list_length(statement->options) != 2)
        return false;
    for (int index = 0; index < 2; index++) {
        const auto *option = list_nth_node(DefElem, statement->options, index);
        const auto *named = castNode(List, option->arg);
        if (::list_length(named) != 1)
            return false;
        if (std::string_view(option->defname) == "schemas")
            names.schema = strVal(linitial(named));
    }
    const ::GrantStmt &action = *statement->action;
    return (action.objtype == ::OBJECT_TABLE || action.objtype == ::OBJECT_SEQUENCE) &&
           has_plain_privileges(action, false);
}

} // namespace

constinit const StatementKind table_privileges_statement = {
    .lock = AccessShareLock, .needs_owner = true, .changes_row = true, .read = read_table_privileges};

constinit const StatementKind schema_privileges_statement = {.read = read_schema_privileges};

constinit const StatementKind default_privileges_statement = {.read = read_default_privileges};

namespace {

// A REVOKE or GRANT of some privileges, if they are any.
struct Step {
    PrivilegeAction action;
    ::AclMode privileges;
};

const char *words(PrivilegeAction action)
{
    switch (action) {
    case PrivilegeAction::revoke:
        return "REVOKE ";
    case PrivilegeAction::revoke_grant_option:
        return "REVOKE GRANT OPTION FOR ";
    default:
        return "GRANT ";
    }
}

void push_statement(const PrivilegeTarget &target, const Step &step, const PrivilegeState &state,
                    const Grantee &grantee, Plan &plan)
{
    plan.changes.push({
        .table = target.table,
        .before = ::psprintf("%s%s%s ON %s", target.prefix, words(step.action),
                             privilege_names(step.privileges, target.privileges), target.on),
        .after = step.action == PrivilegeAction::grant ? grantee.to : grantee.from,
        .kind = &target.kind,
        .effect = plan.has_effects ? privilege_effect(target, step.action, step.privileges, state, grantee)
                                   : nullptr,
    });
}

// Whose grant options the server will use for the caller: a role that is member of the owner and has grant
// options of its own does not act as the owner.
bool acts_as_owner(const PrivilegeTarget &target, ::AclMode privileges)
{
    const ::Oid caller = ::GetUserId();
    if (!OidIsValid(target.owner) || caller == target.owner || ::superuser_arg(caller) || target.list == 0)
        return true;
    ::Oid grantor = InvalidOid;
    ::AclMode options = ACL_NO_RIGHTS;
    ::find_best_grantor(caller, privileges, DatumGetAclP(target.list), target.owner, &grantor, &options);
    return grantor == target.owner || !::has_privs_of_role(caller, target.owner);
}

const char *name_in_message(const PrivilegeTarget &target)
{
    return target.table == nullptr ? target.name
                                   : ::psprintf("%s.%s", target.table->schema, target.table->name);
}

void deny_foreign_grantor(const PrivilegeTarget &target, Plan &plan)
{
    const char *reason =
        ::psprintf("role \"%s\" has grant options of its own and would not act as the owner of",
                   ::GetUserNameFromId(::GetUserId(), false));
    plan.deny({.one = reason, .many = reason, .name = name_in_message(target)});
}

const char *name_grantor(::Oid role)
{
    const char *name = ::GetUserNameFromId(role, true);
    return name != nullptr ? ::psprintf("role \"%s\"", name)
                           : ::psprintf("role with OID %u, which is gone,", role);
}

void skip(const PrivilegeTarget &target, Plan &plan, const char *reason)
{
    if (target.table != nullptr)
        plan.skip(*target.table, reason);
    else
        plan.skipped.push({.about = target.about, .name = target.name, .reason = reason});
}

} // namespace

Grantee Grantee::of(const char *role)
{
    const char *grantee = is_public(role) ? "PUBLIC" : identifier(role);
    return {.role = role,
            .name = is_public(role) ? "PUBLIC" : ::psprintf("role \"%s\"", role),
            .to = ::psprintf(" TO %s", grantee),
            .from = ::psprintf(" FROM %s", grantee)};
}

bool plan_privileges(const PrivilegeTarget &target, Access access, const Holding &own,
                     const Holding &in_columns, const Grantee &grantee, Plan &plan)
{
    const ::AclMode wanted = target.privileges.wanted(access);
    Holding held = own;
    held.add(in_columns);
    const ::AclMode others = (held.by_others & ~wanted) | (held.grantable_by_others & wanted);
    const ::AclMode excess = held.granted & ~wanted;
    const ::AclMode grantable = held.grantable & wanted;
    const ::AclMode stuck = (excess | grantable) & held.passed_on;
    const ::AclMode missing = wanted & ~(own.granted | own.by_others);

    if (others != ACL_NO_RIGHTS)
        skip(target, plan,
             ::psprintf("%s%s granted %s", name_grantor(held.other_grantor),
                        held.has_more_grantors ? " and others" : "", privilege_names(others)));
    if (stuck != ACL_NO_RIGHTS)
        skip(target, plan, ::psprintf("the role has passed on %s", privilege_names(stuck)));
    const std::size_t before = plan.changes.count;
    const PrivilegeState state{.own = own, .in_columns = in_columns, .wanted = wanted};
    for (const Step &step : {Step{PrivilegeAction::revoke, excess & ~stuck},
                             Step{PrivilegeAction::revoke_grant_option, grantable & ~stuck},
                             Step{PrivilegeAction::grant, missing}}) {
        if (step.privileges == ACL_NO_RIGHTS)
            continue;
        push_statement(target, step, state, grantee, plan);
        if (!acts_as_owner(target, step.privileges))
            deny_foreign_grantor(target, plan);
    }
    return plan.changes.count > before;
}

} // namespace dj_deploy
