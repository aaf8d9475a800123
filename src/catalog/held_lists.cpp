// An item belongs to its grantee; one that a role has passed on, to that role, too.
#include "catalog/held_lists.hpp"

namespace dj_deploy {

namespace {

bool is_before(const HeldLists::Item &left, const HeldLists::Item &right)
{
    if (left.role != right.role)
        return left.role < right.role;
    return left.list != right.list ? left.list < right.list : left.item < right.item;
}

} // namespace

HeldLists HeldLists::of(const Array<OwnedList> &lists)
{
    HeldLists held{.lists = lists, .items = {}};
    for (std::uint32_t number = 0; number < lists.count; number++) {
        CHECK_FOR_INTERRUPTS();
        const ::Oid owner = lists[number].owner;
        for (const ::AclItem &item : items_of(owner, lists[number].list)) {
            held.items.push({.role = item.ai_grantee, .list = number, .item = &item});
            if (item.ai_grantor != owner && item.ai_grantor != item.ai_grantee)
                held.items.push({.role = item.ai_grantor, .list = number, .item = &item});
        }
    }
    std::sort(held.items.begin(), held.items.end(), is_before);
    return held;
}

Array<::Oid> HeldLists::grantees() const
{
    Array<::Oid> roles;
    for (const Item &item : items) {
        const bool is_grantee = item.item->ai_grantee == item.role && item.role != lists[item.list].owner;
        const bool has_privileges = ACLITEM_GET_PRIVS(*item.item) != ACL_NO_RIGHTS;
        if (is_grantee && has_privileges && (roles.is_empty() || roles[roles.count - 1] != item.role))
            roles.push(item.role);
    }
    return roles;
}

} // namespace dj_deploy
