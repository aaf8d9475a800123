// What a GRANT or REVOKE changes, and the statements that bring back what was.
#pragma once

#include "plan/privileges.hpp"

namespace dj_deploy {

enum class PrivilegeAction { revoke, revoke_grant_option, grant };

// What a role holds in its own name and in columns, and what it is to hold.
struct PrivilegeState {
    const Holding &own;
    const Holding &in_columns;
    ::AclMode wanted;
};

// SELECT, INSERT; ALL for all that there are on the kind of object.
const char *privilege_names(::AclMode privileges);
const char *privilege_names(::AclMode privileges, const AccessPrivileges &kind);

// The effect of one statement about these privileges. A REVOKE on a table takes them away in its columns,
// too.
const Effect *privilege_effect(const PrivilegeTarget &target, PrivilegeAction action, ::AclMode privileges,
                               const PrivilegeState &state, const Grantee &grantee);

} // namespace dj_deploy
