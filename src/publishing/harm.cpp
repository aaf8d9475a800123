// Compares what is with what would be, table by table.
#include "publishing/harm.hpp"

namespace dj_deploy {

namespace {

bool publishes_less(const Publication &before, const Publication &after)
{
    return (before.is_insert && !after.is_insert) || (before.is_update && !after.is_update) ||
           (before.is_delete && !after.is_delete) || (before.is_truncate && !after.is_truncate);
}

// A list or filter that is there afterwards is the one that was there before: none is made or changed.
bool is_narrowed(const Publishing &publishing)
{
    return publishing.listing != nullptr && publishing.listing->is_narrowed();
}

bool is_same_narrowing(const Publishing &before, const Publishing &after)
{
    return is_narrowed(after) && before.listing == after.listing;
}

Harm harm_between(const Publishing &before, const Publishing &after)
{
    if (after.publication == nullptr || publishes_less(*before.publication, *after.publication))
        return Harm::stops;
    if (is_narrowed(before) && !is_same_narrowing(before, after))
        return Harm::exposed;
    if (is_narrowed(after) && !is_same_narrowing(before, after))
        return Harm::stops;
    if (before.publication->has_generated && !after.publication->has_generated)
        return Harm::stops;
    return before.as->oid != after.as->oid ? Harm::renamed : Harm::none;
}

} // namespace

std::optional<BrokenWrite> find_begun(const Scenario &before, const Scenario &after, const Relation &table)
{
    const Array<BrokenWrite> broken = after.broken_writes(table);
    if (broken.is_empty())
        return {};
    bool failed_update = false;
    bool failed_delete = false;
    for (const BrokenWrite &write : before.broken_writes(table)) {
        failed_update |= write.is_update;
        failed_delete |= write.is_delete;
    }
    for (BrokenWrite write : broken) {
        write.is_update &= !failed_update;
        write.is_delete &= !failed_delete;
        if (write.is_update || write.is_delete)
            return write;
    }
    return {};
}

Array<HarmDone> find_consumer_harms(const Scenario &before, const Scenario &after, const Relation &table)
{
    Array<HarmDone> harms;
    if (!table.is_leaf())
        return harms;
    for (const Publishing &was : before.publishings(table)) {
        const Publication *publication = after.publication(was.publication->oid);
        const Publishing will_be =
            publication == nullptr ? Publishing{} : after.publishing(table, *publication);
        const Harm harm = harm_between(was, will_be);
        if (harm != Harm::none)
            harms.push({.harm = harm,
                        .table = &table,
                        .publication = was.publication,
                        .as = will_be.as,
                        .write = {}});
    }
    return harms;
}

HarmDone find_harm(const Scenario &before, const Scenario &after, const Relation &table)
{
    if (const std::optional<BrokenWrite> write = find_begun(before, after, table))
        return {.harm = Harm::write_fails,
                .table = &table,
                .publication = write->publication,
                .as = nullptr,
                .write = *write};
    const Array<HarmDone> harms = find_consumer_harms(before, after, table);
    return harms.is_empty() ? HarmDone{} : harms[0];
}

const char *commands_of(const BrokenWrite &write)
{
    return write.is_update && write.is_delete ? "UPDATE and DELETE" : write.is_update ? "UPDATE" : "DELETE";
}

} // namespace dj_deploy
