// What a role is to be able to do.
#pragma once

#include "request/arguments.hpp"

namespace dj_deploy {

enum class Access { none, read, write, all };

// Reads "access" in any letter case; 22023 for anything else.
Access request_access(const Arguments &arguments);

// The access of that name, in any letter case; false when there is none.
bool find_access(const char *name, Access &access);

const char *access_name(Access access);

// The privileges that an access means on a kind of object, by Access.
struct AccessPrivileges {
    std::array<::AclMode, 4> of;

    ::AclMode wanted(Access access) const { return of[static_cast<std::size_t>(access)]; }
    ::AclMode all() const { return of.back(); }
};

constexpr AccessPrivileges table_privileges = {
    {ACL_NO_RIGHTS, ACL_SELECT, ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE, ACL_ALL_RIGHTS_RELATION}};
constexpr AccessPrivileges sequence_privileges = {
    {ACL_NO_RIGHTS, ACL_SELECT, ACL_SELECT | ACL_USAGE, ACL_ALL_RIGHTS_SEQUENCE}};
constexpr AccessPrivileges schema_privileges = {{ACL_NO_RIGHTS, ACL_USAGE, ACL_USAGE, ACL_ALL_RIGHTS_SCHEMA}};

} // namespace dj_deploy
