// Reads pg_publication_rel.
#include "publishing/listings.hpp"

#include "pg/context.hpp"
#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

#if PG_VERSION_NUM >= 190000
bool is_excepted(const FormData_pg_publication_rel &row)
{
    return row.prexcept;
}
#else
bool is_excepted(const FormData_pg_publication_rel &)
{
    return false;
}
#endif

// Numbers of an int2vector.
::Bitmapset *columns_of_list(::Datum value)
{
    const auto *list = reinterpret_cast<const ::int2vector *>(DatumGetPointer(value));
    ::Bitmapset *columns = nullptr;
    for (int index = 0; index < list->dim1; index++)
        columns = ::bms_add_member(columns, list->values[index]);
    return columns;
}

::Bitmapset *columns_of_filter(::Datum value)
{
    ::Bitmapset *offset = nullptr;
    ::pull_varattnos(static_cast<::Node *>(::stringToNode(TextDatumGetCString(value))), 1, &offset);
    ::Bitmapset *columns = nullptr;
    // A whole row, and a system column, count as 0, which is in no key.
    for (int member = -1; (member = ::bms_next_member(offset, member)) >= 0;)
        columns = ::bms_add_member(columns, std::max(member + FirstLowInvalidHeapAttributeNumber, 0));
    return columns;
}

Listing whole_listing(::Oid table, ::Oid publication)
{
    return {.table = table,
            .publication = publication,
            .is_excepted = false,
            .has_list = false,
            .has_filter = false,
            .list = nullptr,
            .filter_uses = nullptr};
}

Listing listing_of(::HeapTuple row, ::Relation catalog)
{
    const auto &fixed = fixed_part<FormData_pg_publication_rel>(row);
    Listing listing = whole_listing(fixed.prrelid, fixed.prpubid);
    listing.is_excepted = is_excepted(fixed);
    bool is_null = false;
    const ::Datum list =
        heap_getattr(row, Anum_pg_publication_rel_prattrs, RelationGetDescr(catalog), &is_null);
    listing.has_list = !is_null;
    if (!is_null)
        listing.list = columns_of_list(list);
    const ::Datum filter =
        heap_getattr(row, Anum_pg_publication_rel_prqual, RelationGetDescr(catalog), &is_null);
    listing.has_filter = !is_null;
    if (!is_null)
        listing.filter_uses = columns_of_filter(filter);
    return listing;
}

// A row as it is read; there may be very many, nearly all of them of whole tables.
struct FoundListing {
    std::uint32_t place; // of the table among the OIDs
    ::Oid publication;
    const Listing *other; // null where it lists the whole table
};

FoundListing found_listing(std::size_t place, const Listing &listing)
{
    const bool is_whole = !listing.is_narrowed() && !listing.is_excepted;
    return {.place = static_cast<std::uint32_t>(place),
            .publication = listing.publication,
            .other = is_whole ? nullptr : keep_value(listing)};
}

} // namespace

// Put in place by counting.
void add_listings(Array<Relation> &relations, std::span<const ::Oid> oids)
{
    Array<FoundListing> found;
    Array<std::uint32_t> ends;
    ends.resize(oids.size() + 1);
    OidFinder finder{oids};
    with_catalog(PublicationRelRelationId, PublicationRelPrrelidPrpubidIndexId, [&](const Catalog &catalog) {
        catalog.scan_each(Anum_pg_publication_rel_prrelid, oids, [&](::HeapTuple row) {
            const Listing listing = listing_of(row, catalog.table);
            const std::size_t place = finder.find(listing.table);
            found.push(found_listing(place, listing));
            ends[place + 1]++;
        });
    });
    for (std::size_t place = 0; place < oids.size(); place++)
        ends[place + 1] += ends[place];
    Array<Listing> listings;
    listings.resize(found.count);
    for (std::size_t index = found.count; index > 0; index--) {
        const FoundListing &row = found[index - 1];
        listings[--ends[row.place + 1]] =
            row.other != nullptr ? *row.other : whole_listing(oids[row.place], row.publication);
    }
    const auto is_before = [](const Listing &left, const Listing &right) {
        return left.publication < right.publication;
    };
    for (Relation &relation : relations) {
        // Each end has moved to its beginning.
        const std::size_t place = finder.find(relation.oid);
        Listing *first = listings.begin() + ends[place + 1];
        Listing *last = place + 2 < ends.count ? listings.begin() + ends[place + 2] : listings.end();
        if (!std::is_sorted(first, last, is_before))
            std::sort(first, last, is_before);
        relation.listings = {first, last};
    }
}

} // namespace dj_deploy
