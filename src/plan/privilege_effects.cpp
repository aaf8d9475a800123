// Undoing a GRANT is a REVOKE, which takes more than was given where columns have grants of their own;
// undoing a REVOKE is a GRANT, or two, where some privileges had the grant option and some had not.
#include "plan/privilege_effects.hpp"

#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

struct PrivilegeName {
    ::AclMode privilege;
    const char *name;
};

constexpr PrivilegeName names[] = {
    {ACL_SELECT, "SELECT"},     {ACL_INSERT, "INSERT"},     {ACL_UPDATE, "UPDATE"},
    {ACL_DELETE, "DELETE"},     {ACL_TRUNCATE, "TRUNCATE"}, {ACL_REFERENCES, "REFERENCES"},
    {ACL_TRIGGER, "TRIGGER"},   {ACL_USAGE, "USAGE"},       {ACL_CREATE, "CREATE"},
#if PG_VERSION_NUM >= 170000
    {ACL_MAINTAIN, "MAINTAIN"},
#endif
};

// What is granted without, or with, the grant option: on the whole object and in columns.
struct Grant {
    ::AclMode privileges;
    Array<ColumnGrant> columns;
    bool is_grantable;

    ::AclMode in(const ColumnGrant &column) const
    {
        return is_grantable ? column.grantable : column.granted & ~column.grantable;
    }
};

// SELECT, UPDATE ("weight", "note")
const char *grant_list(const Grant &grant, ::AclMode within)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    ::appendStringInfoString(&text, privilege_names(grant.privileges & within));
    for (const PrivilegeName &name : names) {
        const char *separator = text.len > 0 ? ", " : "";
        bool is_first = true;
        for (const ColumnGrant &column : grant.columns) {
            if ((grant.in(column)&within & name.privilege) == 0)
                continue;
            if (std::exchange(is_first, false))
                ::appendStringInfo(&text, "%s%s (", separator, name.name);
            else
                ::appendStringInfoString(&text, ", ");
            append_identifier(&text, column.column);
        }
        if (!is_first)
            appendStringInfoChar(&text, ')');
    }
    return exact_copy(text);
}

Phrase statement(const PrivilegeTarget &target, const char *action, const char *privileges, const char *whom)
{
    return {.before = ::psprintf("%s%s%s ON %s", target.prefix, action, privileges, target.on),
            .after = whom};
}

void add_grant(const PrivilegeTarget &target, const Grant &grant, ::AclMode within, const Grantee &grantee,
               Effect &effect)
{
    const char *list = grant_list(grant, within);
    if (*list == '\0')
        return;
    const char *whom = grant.is_grantable ? ::psprintf("%s WITH GRANT OPTION", grantee.to) : grantee.to;
    PrivilegeTarget object = target;
    if (!grant.columns.is_empty()) // a sequence has columns as a table
        object.on = "TABLE ";
    effect.add_undo(statement(object, "GRANT ", list, whom));
}

// ALTER DEFAULT PRIVILEGES FOR ROLE "ana" IN SCHEMA "lab" is about an object with that name but for its first
// word.
const char *object_name(const PrivilegeTarget &target)
{
    if (target.table != nullptr)
        return nullptr;
    if (OidIsValid(target.owner))
        return target.on;
    return ::psprintf("%sON %s", target.prefix + std::string_view("ALTER ").size(), target.on);
}

const char *held_in_words(::AclMode whole, ::AclMode in_columns)
{
    const char *text = whole != ACL_NO_RIGHTS ? privilege_names(whole) : nullptr;
    if (in_columns == ACL_NO_RIGHTS)
        return text;
    return ::psprintf("%s%s%s in columns", text != nullptr ? text : "", text != nullptr ? ", " : "",
                      privilege_names(in_columns));
}

} // namespace

const char *privilege_names(::AclMode privileges)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (const PrivilegeName &name : names)
        if ((privileges & name.privilege) != 0)
            ::appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", name.name);
    return exact_copy(text);
}

const char *privilege_names(::AclMode privileges, const AccessPrivileges &kind)
{
    return privileges == kind.all() ? "ALL" : privilege_names(privileges);
}

const Effect *privilege_effect(const PrivilegeTarget &target, PrivilegeAction action, ::AclMode privileges,
                               const PrivilegeState &state, const Grantee &grantee)
{
    const Holding &own = state.own;
    Effect effect{.object = object_name(target),
                  .property = ::psprintf("grants.%s", grantee.role),
                  .from = held_in_words(own.granted | own.by_others, state.in_columns.granted),
                  .to = state.wanted != ACL_NO_RIGHTS ? privilege_names(state.wanted) : nullptr};
    Grant plain{.privileges = own.granted & ~own.grantable, .columns = {}, .is_grantable = false};
    Grant grantable{.privileges = own.grantable, .columns = {}, .is_grantable = true};
    if (target.table != nullptr && (state.in_columns.granted & privileges) != ACL_NO_RIGHTS)
        plain.columns = grantable.columns = read_column_grants(target.table->oid, grantee.role);

    if (action == PrivilegeAction::grant)
        effect.add_undo(
            statement(target, "REVOKE ", privilege_names(privileges, target.privileges), grantee.from));
    if (action != PrivilegeAction::revoke_grant_option)
        add_grant(target, plain, privileges, grantee, effect);
    add_grant(target, grantable, privileges, grantee, effect);
    return keep(effect);
}

} // namespace dj_deploy
