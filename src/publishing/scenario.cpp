// Where the server decides: RelationBuildPublicationDesc() and CheckCmdReplicaIdentity() for writes,
// get_rel_sync_entry() of pgoutput for what consumers receive.
#include "publishing/scenario.hpp"

namespace dj_deploy {

namespace {

bool is_before(const PublicationMember &left, const PublicationMember &right)
{
    return left.table != right.table ? left.table < right.table : left.publication < right.publication;
}

template <class Item>
void append(Array<Item> &items, const Array<Item> &others)
{
    for (const Item &item : others)
        items.push(item);
}

// The later of two says what counts.
Array<Identity> last_of_each(const Array<Identity> &identities)
{
    Array<Identity> sorted;
    append(sorted, identities);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Identity &left, const Identity &right) { return left.table < right.table; });
    Array<Identity> last;
    for (const Identity &identity : sorted) {
        if (!last.is_empty() && last[last.count - 1].table == identity.table)
            last.count--;
        last.push(identity);
    }
    return last;
}

bool has_column(Key key, ::AttrNumber column)
{
    return std::find(key.begin(), key.end(), column) != key.end();
}

// The number that a column of one table has in another one, by its name; 0 when it has none.
::AttrNumber number_in(const Relation &from, ::AttrNumber column, const Relation &to)
{
    if (from.oid == to.oid)
        return column;
    const char *name = ::get_attname(from.oid, column, true);
    return name == nullptr ? InvalidAttrNumber : ::get_attnum(to.oid, name);
}

bool lacks_key_column(const Publishing &publishing, const Relation &table, Key key)
{
    return std::any_of(key.begin(), key.end(), [&](::AttrNumber column) {
        return !covers(*publishing.as, publishing.listing->list, table, column);
    });
}

bool reads_beyond(const Publishing &publishing, const Relation &table, Key key)
{
    for (int column = -1; (column = ::bms_next_member(publishing.listing->filter_uses, column)) >= 0;) {
        const auto number = static_cast<::AttrNumber>(column);
        if (number == 0 || !has_column(key, number_in(*publishing.as, number, table)))
            return true;
    }
    return false;
}

} // namespace

bool covers(const Relation &from, ::Bitmapset *columns, const Relation &table, ::AttrNumber column)
{
    const ::AttrNumber number = number_in(table, column, from);
    return number > 0 && ::bms_is_member(number, columns);
}

bool Intent::is_empty() const
{
    return identities.is_empty() && publications.is_empty() && added.is_empty() && dropped.is_empty() &&
           logged.is_empty() && removed.is_empty();
}

void Intent::absorb(const Intent &other)
{
    append(identities, other.identities);
    append(publications, other.publications);
    append(added, other.added);
    append(dropped, other.dropped);
    append(logged, other.logged);
    append(removed, other.removed);
}

Scenario Scenario::of(const Facts &facts, const Intent &intent)
{
    Scenario scenario{};
    scenario.facts = &facts;
    for (const Publication &publication : facts.publications)
        if (std::find(intent.removed.begin(), intent.removed.end(), publication.oid) == intent.removed.end())
            scenario.all.push(publication);
    for (const Publication &changed : intent.publications) {
        const auto is_it = [&](const Publication &other) { return other.oid == changed.oid; };
        Publication *known = std::find_if(scenario.all.begin(), scenario.all.end(), is_it);
        if (known != scenario.all.end())
            *known = changed;
        else
            scenario.all.push(changed);
    }
    std::sort(scenario.all.begin(), scenario.all.end(),
              [](const Publication &left, const Publication &right) { return left.oid < right.oid; });
    for (const Publication &publication : scenario.all)
        if (publication.is_for_all)
            scenario.for_all.push(publication.oid);
    scenario.identities = last_of_each(intent.identities);
    for (const PublicationMember &member : intent.added)
        scenario.added.push({.table = member.table,
                             .publication = member.publication,
                             .is_excepted = false,
                             .has_list = false,
                             .has_filter = false,
                             .list = nullptr,
                             .filter_uses = nullptr});
    std::sort(scenario.added.begin(), scenario.added.end(), [](const Listing &left, const Listing &right) {
        return left.table != right.table ? left.table < right.table : left.publication < right.publication;
    });
    append(scenario.dropped, intent.dropped);
    std::sort(scenario.dropped.begin(), scenario.dropped.end(), is_before);
    append(scenario.logged, intent.logged);
    std::sort(scenario.logged.begin(), scenario.logged.end());
    return scenario;
}

const Publication *Scenario::publication(::Oid oid) const
{
    return find_sorted(all.view(), &Publication::oid, oid);
}

Identity Scenario::identity(const Relation &table) const
{
    if (const Identity *intended = find_sorted(identities.view(), &Identity::table, table.oid))
        return *intended;
    const bool has_index = table.identity == REPLICA_IDENTITY_INDEX;
    return {.table = table.oid,
            .kind = table.identity,
            .index = has_index ? facts->keys(table).identity : InvalidOid};
}

IdentityColumns Scenario::identity_columns(const Relation &table) const
{
    const Identity chosen = identity(table);
    if (chosen.kind == REPLICA_IDENTITY_FULL)
        return {.is_full = true, .is_missing = false, .key = {}};
    if (chosen.kind == REPLICA_IDENTITY_NOTHING)
        return {.is_full = false, .is_missing = true, .key = {}};
    const Keys &keys = facts->keys(table);
    if (chosen.kind == REPLICA_IDENTITY_DEFAULT)
        return {.is_full = false, .is_missing = !OidIsValid(keys.primary), .key = keys.primary_columns};
    if (chosen.index == keys.identity)
        return {.is_full = false, .is_missing = !OidIsValid(keys.identity), .key = keys.identity_columns};
    const Key key = read_index_columns(chosen.index);
    return {.is_full = false, .is_missing = key.empty(), .key = key};
}

bool Scenario::is_permanent(const Relation &table) const
{
    return table.persistence == RELPERSISTENCE_PERMANENT ||
           std::binary_search(logged.begin(), logged.end(), table.oid);
}

std::span<const Listing> Scenario::added_to(::Oid table) const
{
    const Listing *first = find_sorted(added.view(), &Listing::table, table);
    const Listing *last = first;
    while (last != nullptr && last != added.end() && last->table == table)
        last++;
    return {first, last};
}

bool Scenario::is_dropped(const Listing &listing) const
{
    const PublicationMember member{.publication = listing.publication, .table = listing.table};
    return std::binary_search(dropped.begin(), dropped.end(), member, is_before);
}

const Listing *Scenario::listing(const Relation &table, ::Oid publication) const
{
    if (const Listing *anew = find_sorted(added_to(table.oid), &Listing::publication, publication))
        return anew;
    const Listing *known = find_sorted(table.listings, &Listing::publication, publication);
    return known == nullptr || known->is_excepted || is_dropped(*known) ? nullptr : known;
}

bool Scenario::is_excepted(const Relation &table, ::Oid publication) const
{
    const Listing *found = find_sorted(table.listings, &Listing::publication, publication);
    return found != nullptr && found->is_excepted;
}

bool Scenario::adds_to(const Publication &publication) const
{
    return std::any_of(added.begin(), added.end(),
                       [&](const Listing &listing) { return listing.publication == publication.oid; });
}

bool Scenario::holds(const Relation &table, const Publication &publication) const
{
    if (publication.is_for_all)
        return !is_excepted(table, publication.oid);
    const std::span<const ::Oid> whole = facts->publications_of_schema(table.schema);
    return listing(table, publication.oid) != nullptr ||
           std::binary_search(whole.begin(), whole.end(), publication.oid);
}

void Scenario::add_candidates(const Relation &table, Array<::Oid> &candidates) const
{
    for (const Listing &listing : table.listings)
        candidates.push(listing.publication);
    for (const Listing &listing : added_to(table.oid))
        candidates.push(listing.publication);
    for (const ::Oid publication : facts->publications_of_schema(table.schema))
        candidates.push(publication);
}

// The topmost table that the publication holds lends its name, or else lets the table be published as itself.
// A list or filter counts of the table whose name it is.
Publishing Scenario::publishing(const Relation &table, const Publication &publication) const
{
    const Relation *top = holds(table, publication) ? &table : nullptr;
    bool is_left_out = publication.is_for_all && top == nullptr;
    for (const ::Oid oid : table.ancestors)
        if (const Relation *ancestor = facts->find(oid)) {
            const bool is_held = holds(*ancestor, publication);
            is_left_out |= publication.is_for_all && !is_held;
            top = is_held ? ancestor : top;
        }
    if (top == nullptr || is_left_out || !is_permanent(table))
        return {.publication = nullptr, .as = nullptr, .listing = nullptr};
    const Relation *as = publication.is_via_root ? top : &table;
    return {.publication = &publication, .as = as, .listing = listing(*as, publication.oid)};
}

Array<Publishing> Scenario::publishings(const Relation &table) const
{
    Array<::Oid> candidates;
    for (const ::Oid publication : for_all)
        candidates.push(publication);
    add_candidates(table, candidates);
    for (const ::Oid oid : table.ancestors)
        if (const Relation *ancestor = facts->find(oid))
            add_candidates(*ancestor, candidates);
    std::sort(candidates.begin(), candidates.end());
    candidates.count = std::unique(candidates.begin(), candidates.end()) - candidates.begin();
    Array<Publishing> published;
    for (const ::Oid oid : candidates) {
        const Publication *candidate = publication(oid);
        const Publishing found = candidate == nullptr ? Publishing{} : publishing(table, *candidate);
        if (found.publication != nullptr)
            published.push(found);
    }
    return published;
}

bool Scenario::shows_generated(const Publishing &publishing, const Relation &table,
                               const GeneratedColumn &column) const
{
    if (publishing.listing != nullptr && publishing.listing->has_list)
        return covers(*publishing.as, publishing.listing->list, table, column.number);
    return column.is_stored && publishing.publication->has_generated;
}

WriteHazard Scenario::hazard(const Publishing &publishing, const Relation &table,
                             const IdentityColumns &identity) const
{
    if (identity.is_missing)
        return WriteHazard::no_identity;
    const bool has_list = publishing.listing != nullptr && publishing.listing->has_list;
    if (has_list && (identity.is_full || lacks_key_column(publishing, table, identity.key)))
        return WriteHazard::column_list;
    if (!identity.is_full && publishing.listing != nullptr && publishing.listing->has_filter &&
        reads_beyond(publishing, table, identity.key))
        return WriteHazard::row_filter;
    // Before 18 the server asks nothing of generated columns.
    if (PG_VERSION_NUM >= 180000 && !has_list)
        for (const GeneratedColumn &column : facts->generated(table))
            if ((identity.is_full || has_column(identity.key, column.number)) &&
                !shows_generated(publishing, table, column))
                return WriteHazard::generated_column;
    return WriteHazard::none;
}

Array<BrokenWrite> Scenario::broken_writes(const Relation &table) const
{
    Array<BrokenWrite> broken;
    if (!table.is_leaf())
        return broken;
    std::optional<IdentityColumns> identity;
    for (const Publishing &published : publishings(table)) {
        if (!published.publication->has_writes())
            continue;
        if (!identity)
            identity = identity_columns(table);
        const WriteHazard found = hazard(published, table, *identity);
        if (found != WriteHazard::none)
            broken.push({.table = &table,
                         .publication = published.publication,
                         .published_as = published.as,
                         .is_update = published.publication->is_update,
                         .is_delete = published.publication->is_delete,
                         .hazard = found});
    }
    std::sort(broken.begin(), broken.end(), [](const BrokenWrite &left, const BrokenWrite &right) {
        return ::strcmp(left.publication->name, right.publication->name) < 0;
    });
    return broken;
}

} // namespace dj_deploy
