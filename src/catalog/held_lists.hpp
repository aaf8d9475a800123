// Many access control lists, with the roles that each of them is about: so that what one role holds by them
// is found without a look at what all others hold.
#pragma once

#include "catalog/privileges.hpp"

namespace dj_deploy {

struct OwnedList {
    ::Oid owner;
    ::Datum list; // as in holding_of()

    auto operator<=>(const OwnedList &) const = default;
};

struct HeldLists {
    struct Item {
        ::Oid role; // the grantee, or another role than the owner as grantor
        std::uint32_t list;
        const ::AclItem *item;
    };

    Array<OwnedList> lists;
    Array<Item> items; // by role, list and place in it

    static HeldLists of(const Array<OwnedList> &lists);

    // Calls on_holding(number of the list, what the role holds by it) for each that is about the role.
    template <class OnHolding>
    void for_each(::Oid role, OnHolding &&on_holding) const
    {
        const auto is_before = [](const Item &item, ::Oid other) { return item.role < other; };
        const Item *item = std::lower_bound(items.begin(), items.end(), role, is_before);
        while (item != items.end() && item->role == role) {
            const std::uint32_t list = item->list;
            Holding holding{};
            for (; item != items.end() && item->role == role && item->list == list; item++)
                holding.add_item(*item->item, role, lists[list].owner);
            on_holding(list, holding);
        }
    }

    // Whom the lists are about besides the owners; sorted, each once.
    Array<::Oid> grantees() const;
};

} // namespace dj_deploy
