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
    return publishing.delivered != nullptr && publishing.delivered->is_narrowed();
}

bool is_same_narrowing(const Publishing &before, const Publishing &after)
{
    return is_narrowed(after) && before.delivered == after.delivered;
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

namespace {

// Whether two publications of a table go together for a consumer that reads both.
bool is_alike(const Publishing &left, const Publishing &right)
{
    const bool has_list = left.delivered != nullptr && left.delivered->has_list;
    const bool has_filter = left.delivered != nullptr && left.delivered->has_filter;
    const bool has_other_list = right.delivered != nullptr && right.delivered->has_list;
    const bool has_other_filter = right.delivered != nullptr && right.delivered->has_filter;
    return left.as->oid == right.as->oid && has_list == has_other_list && has_filter == has_other_filter;
}

// A publication that did not publish the table, beside one that does and publishes it otherwise.
void add_mixing(const Array<Publishing> &before, const Scenario &after, const Relation &table,
                Array<HarmDone> &harms)
{
    if (before.is_empty())
        return;
    for (const Publishing &published : after.publishings(table)) {
        const auto is_it = [&](const Publishing &was) {
            return was.publication->oid == published.publication->oid;
        };
        const auto differs = [&](const Publishing &was) { return !is_alike(was, published); };
        if (std::none_of(before.begin(), before.end(), is_it) &&
            std::any_of(before.begin(), before.end(), differs))
            harms.push({.harm = Harm::mixed,
                        .table = &table,
                        .publication = published.publication,
                        .as = published.as,
                        .write = {}});
    }
}

} // namespace

HarmDone find_weakening(const Scenario &before, const Scenario &after, const Relation &table)
{
    if (!table.is_leaf() || before.identity(table).kind != REPLICA_IDENTITY_FULL ||
        after.identity(table).kind == REPLICA_IDENTITY_FULL)
        return {};
    const Array<BrokenWrite> broken = before.broken_writes(table);
    const auto fails = [&](const Publication &publication) {
        return std::any_of(broken.begin(), broken.end(), [&](const BrokenWrite &write) {
            return write.is_update >= publication.is_update && write.is_delete >= publication.is_delete;
        });
    };
    for (const Publishing &published : before.publishings(table))
        if (published.publication->has_writes() && !fails(*published.publication))
            return {.harm = Harm::weakened,
                    .table = &table,
                    .publication = published.publication,
                    .as = published.as,
                    .write = {}};
    return {};
}

Array<HarmDone> find_consumer_harms(const Scenario &before, const Scenario &after, const Relation &table)
{
    Array<HarmDone> harms;
    if (!table.is_leaf())
        return harms;
    const Array<Publishing> published = before.publishings(table);
    add_mixing(published, after, table, harms);
    for (const Publishing &was : published) {
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
