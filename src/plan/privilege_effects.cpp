// Undoing a GRANT is a REVOKE, which takes more than was given where columns have grants of their own;
// undoing a REVOKE is a GRANT, or two, where some privileges had the grant option and some had not.
#include "plan/privilege_effects.hpp"

#include "catalog/column_privileges.hpp"
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
    // A sequence has columns only where it is called a table.
    PrivilegeTarget named = target;
    if (!grant.columns.is_empty())
        named.on = "TABLE ";
    effect.add_undo(statement(named, "GRANT ", list, whom));
}

// ALTER DEFAULT PRIVILEGES FOR ROLE "ana" IN SCHEMA "lab" is about an object with that name but for its first
// word.
// SELECT, INSERT WITH GRANT OPTION
void append_held(::StringInfo text, ::AclMode held, ::AclMode grantable, const char *where)
{
    const auto append = [&](::AclMode privileges, const char *option) {
        if (privileges != ACL_NO_RIGHTS)
            ::appendStringInfo(text, "%s%s%s%s", text->len > 0 ? ", " : "", privilege_names(privileges),
                               where, option);
    };
    append(held & ~grantable, "");
    append(held & grantable, " WITH GRANT OPTION");
}

// Null for nothing.
const char *held_in_words(const PrivilegeState &state)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    const auto append = [&](const Holding &holding, const char *where) {
        append_held(&text, holding.granted | holding.by_others,
                    holding.grantable | holding.grantable_by_others, where);
    };
    append(state.own, "");
    append(state.in_columns, " in columns");
    return text.len > 0 ? exact_copy(text) : nullptr;
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
    Effect effect{.about = target.about,
                  .property = ::psprintf("grants.%s", grantee.role),
                  .old_value = held_in_words(state),
                  .new_value = state.wanted != ACL_NO_RIGHTS ? privilege_names(state.wanted) : nullptr};
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
    return keep_value(effect);
}

} // namespace dj_deploy
