// Compares what is with what would be, table by table.
#include "publishing/harm.hpp"

namespace dj_deploy {

namespace {

bool publishes_less(const Publication &before, const Publication &after)
{
    return std::ranges::any_of(publication_operations, [&](const PublicationOperation &operation) {
        return before.*operation.is_published && !(after.*operation.is_published);
    });
}

// A list or filter that is there afterwards is the one that was there before: none is made or changed.
bool is_narrowed(const Publishing &publishing)
{
    return publishing.delivered != nullptr;
}

bool is_same_narrowing(const Publishing &before, const Publishing &after)
{
    return is_narrowed(after) && before.delivered == after.delivered;
}

// Whether one shows a generated column that the other does not.
bool shows_more(const Scenario &scenario, const Publishing &more, const Publishing &less,
                const Relation &table)
{
    if (more.publication->has_generated == less.publication->has_generated &&
        more.narrowing == less.narrowing)
        return false;
    return std::ranges::any_of(scenario.facts->generated(table), [&](const GeneratedColumn &column) {
        return scenario.shows_generated(more, table, column) &&
               !scenario.shows_generated(less, table, column);
    });
}

// The harms of one publication that published the table, before it stops altogether.
Array<Harm> harms_between(const Scenario &scenario, const Publishing &before, const Publishing &after,
                          const Relation &table)
{
    Array<Harm> harms;
    const bool is_other_narrowing = !is_same_narrowing(before, after);
    if (publishes_less(*before.publication, *after.publication) ||
        (is_narrowed(after) && is_other_narrowing) || shows_more(scenario, before, after, table))
        harms.push(Harm::fewer);
    if (is_narrowed(before) && is_other_narrowing)
        harms.push(Harm::exposed);
    if (shows_more(scenario, after, before, table))
        harms.push(Harm::widened);
    if (before.as->oid != after.as->oid)
        harms.push(Harm::renamed);
    return harms;
}

bool is_same_identity(const Identity &left, const Identity &right)
{
    return left.kind == right.kind && left.index == right.index;
}

// Whether the old rows of a table tell less of it than they did, or something else.
bool tells_otherwise(const IdentityColumns &before, const IdentityColumns &after)
{
    if (before.is_missing || after.is_full)
        return false;
    return before.is_full || after.is_missing || !std::ranges::equal(before.key, after.key);
}

bool fails(const Array<BrokenWrite> &broken, const Publication &publication)
{
    return std::ranges::any_of(broken, [&](const BrokenWrite &write) {
        return write.is_update >= publication.is_update && write.is_delete >= publication.is_delete;
    });
}

// Old rows that a consumer receives, of writes that do not fail. Of what is published as a table above it,
// that one's identity says which columns are the key: without any, the first UPDATE stops a subscription,
// also where writes have failed until then.
void add_weakening(const Scenario &before, const Scenario &after, const Relation &table,
                   const Array<Publishing> &published, Array<HarmDone> &harms)
{
    if (published.is_empty() || after.identity_columns(table).is_missing)
        return; // then writes fail
    const bool is_other = !is_same_identity(before.identity(table), after.identity(table)) &&
                          tells_otherwise(before.identity_columns(table), after.identity_columns(table));
    std::optional<Array<BrokenWrite>> broken;
    for (const Publishing &was : published) {
        const Publication *kept = after.publication(was.publication->oid);
        if (!was.publication->has_writes() || kept == nullptr || !kept->has_writes())
            continue;
        const bool is_other_above =
            was.as->oid != table.oid &&
            !is_same_identity(before.identity(*was.as), after.identity(*was.as)) &&
            tells_otherwise(before.identity_columns(*was.as), after.identity_columns(*was.as));
        if ((!is_other && !is_other_above) || after.publishing(table, *kept).publication == nullptr)
            continue;
        if (!broken)
            broken = before.broken_writes(table);
        const bool loses_key = is_other_above && after.identity_columns(*was.as).is_missing;
        if (loses_key || !fails(*broken, *was.publication))
            harms.push({.harm = Harm::weakened,
                        .table = &table,
                        .publication = was.publication,
                        .as = was.as,
                        .write = {}});
    }
}

bool is_changed(const Publishing &was, const Publishing &published)
{
    return was.as->oid != published.as->oid || was.delivered != published.delivered ||
           was.publication->has_generated != published.publication->has_generated;
}

const Publishing *of_same(const Array<Publishing> &publishings, const Publishing &other)
{
    const ::Oid oid = other.publication->oid;
    const Publishing *found = std::lower_bound(
        publishings.begin(), publishings.end(), oid,
        [](const Publishing &publishing, ::Oid wanted) { return publishing.publication->oid < wanted; });
    return found == publishings.end() || found->publication->oid != oid ? nullptr : found;
}

// A publication that publishes the table anew or otherwise, beside one that publishes it in another way. What
// a consumer of both received before, it received from one alone, or from two that went together.
void add_mixing(const Scenario &before, const Scenario &after, const Relation &table,
                const Array<Publishing> &was, Array<HarmDone> &harms)
{
    if (was.is_empty())
        return;
    const Array<Publishing> published = after.publishings(table);
    for (const Publishing &one : published) {
        const Publishing *one_before = of_same(was, one);
        if (one_before != nullptr && !is_changed(*one_before, one))
            continue;
        const bool is_mixed = std::ranges::any_of(published, [&](const Publishing &other) {
            if (other.publication == one.publication || go_together(after, one, other, table))
                return false;
            const Publishing *other_before = of_same(was, other);
            return one_before == nullptr || other_before == nullptr ||
                   go_together(before, *one_before, *other_before, table);
        });
        if (is_mixed)
            harms.push({.harm = Harm::mixed,
                        .table = &table,
                        .publication = one.publication,
                        .as = one.as,
                        .write = {}});
    }
}

// Whether one of them has a list that leaves out what the other one publishes.
bool lists_alike(const Publishing &left, const Publishing &right)
{
    const auto has_list = [](const Publishing &publishing) {
        return publishing.delivered != nullptr && publishing.delivered->has_list;
    };
    const auto shows = [&](const Publishing &publishing, ::AttrNumber column) {
        return !has_list(publishing) || ::bms_is_member(column, publishing.delivered->list);
    };
    return (!has_list(left) && !has_list(right)) ||
           std::ranges::all_of(read_columns(left.as->oid), [&](::AttrNumber column) {
               return shows(left, column) == shows(right, column);
           });
}

bool has_filter(const Publishing &publishing)
{
    return publishing.delivered != nullptr && publishing.delivered->has_filter;
}

} // namespace

bool go_together(const Scenario &scenario, const Publishing &left, const Publishing &right,
                 const Relation &table)
{
    return left.as->oid == right.as->oid && !has_filter(left) && !has_filter(right) &&
           lists_alike(left, right) && !shows_more(scenario, left, right, table) &&
           !shows_more(scenario, right, left, table);
}

Array<BrokenWrite> find_begun(const Scenario &before, const Scenario &after, const Relation &table)
{
    Array<BrokenWrite> begun;
    const Array<BrokenWrite> broken = after.broken_writes(table);
    if (broken.is_empty())
        return begun;
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
            begun.push(write);
    }
    return begun;
}

Array<HarmDone> find_consumer_harms(const Scenario &before, const Scenario &after, const Relation &table)
{
    Array<HarmDone> harms;
    if (!table.is_leaf())
        return harms;
    const Array<Publishing> published = before.publishings(table);
    for (const Publishing &was : published) {
        const Publication *publication = after.publication(was.publication->oid);
        const Publishing will_be =
            publication == nullptr ? Publishing{} : after.publishing(table, *publication);
        HarmDone done{.harm = Harm::stops,
                      .table = &table,
                      .publication = was.publication,
                      .as = will_be.as,
                      .write = {}};
        if (will_be.publication == nullptr)
            harms.push(done);
        else
            for (const Harm harm : harms_between(after, was, will_be, table)) {
                done.harm = harm;
                harms.push(done);
            }
    }
    add_mixing(before, after, table, published, harms);
    add_weakening(before, after, table, published, harms);
    return harms;
}

Array<HarmDone> find_harms(const Scenario &before, const Scenario &after, const Relation &table)
{
    Array<HarmDone> harms;
    for (const BrokenWrite &write : find_begun(before, after, table))
        harms.push({.harm = Harm::write_fails,
                    .table = &table,
                    .publication = write.publication,
                    .as = nullptr,
                    .write = write});
    append(harms, find_consumer_harms(before, after, table));
    return harms;
}

const char *commands_of(const BrokenWrite &write)
{
    return write.is_update && write.is_delete ? "UPDATE and DELETE" : write.is_update ? "UPDATE" : "DELETE";
}

} // namespace dj_deploy
