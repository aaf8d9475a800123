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

const Narrowing *narrowing_of(::HeapTuple row, ::Relation catalog)
{
    bool has_no_list = true;
    bool has_no_filter = true;
    const ::Datum list =
        heap_getattr(row, Anum_pg_publication_rel_prattrs, RelationGetDescr(catalog), &has_no_list);
    const ::Datum filter =
        heap_getattr(row, Anum_pg_publication_rel_prqual, RelationGetDescr(catalog), &has_no_filter);
    if (has_no_list && has_no_filter)
        return nullptr;
    return keep_value(Narrowing{.has_list = !has_no_list,
                                .has_filter = !has_no_filter,
                                .list = has_no_list ? nullptr : columns_of_list(list),
                                .filter_uses = has_no_filter ? nullptr : columns_of_filter(filter)});
}

bool is_before(const Listing &left, const Listing &right)
{
    return left.publication < right.publication;
}

bool is_same(const Listing &left, const Listing &right)
{
    return left.publication == right.publication && left.is_excepted == right.is_excepted &&
           left.narrowing == right.narrowing;
}

// What lists many tables, as a tree: a table is at a node, and listed as the nodes up to the root say. There
// may be very many rows; most of them list tables alike, and were written in the same order. Such tables
// share their nodes, so that memory grows with what differs.
struct ListingTree {
    static ListingTree of(std::size_t tables)
    {
        ListingTree tree{};
        tree.nodes.push({});
        tree.places.resize(tables, 0);
        return tree;
    }

    void add(std::size_t table, const Listing &listing)
    {
        std::uint32_t &place = places[table];
        std::uint32_t child = nodes[place].last_child;
        if (child == 0 || !is_same(nodes[child].listing, listing)) {
            child = static_cast<std::uint32_t>(nodes.count);
            nodes.push({.parent = place, .last_child = 0, .listing = listing, .collected = nullptr});
            nodes[place].last_child = child;
        }
        place = child;
    }

    // By publication.
    std::span<const Listing> listings_of(std::size_t table)
    {
        const std::uint32_t place = places[table];
        if (nodes[place].collected == nullptr)
            nodes[place].collected = keep_value(collected_at(place));
        return nodes[place].collected->view();
    }

private:
    struct Node {
        std::uint32_t parent;
        std::uint32_t last_child; // 0 where there is none: the root is no child
        Listing listing;
        const Array<Listing> *collected; // null until asked for
    };
    Array<Node> nodes;
    Array<std::uint32_t> places; // of the tables among the nodes

    Array<Listing> collected_at(std::uint32_t place) const
    {
        Array<Listing> listings;
        for (; place != 0; place = nodes[place].parent)
            listings.push(nodes[place].listing);
        std::sort(listings.begin(), listings.end(), is_before);
        return listings;
    }
};

} // namespace

void add_listings(Array<Relation> &relations, std::span<const ::Oid> oids)
{
    ListingTree tree = ListingTree::of(oids.size());
    with_catalog(PublicationRelRelationId, PublicationRelPrrelidPrpubidIndexId, [&](const Catalog &catalog) {
        catalog.scan_each(Anum_pg_publication_rel_prrelid, oids, [&](::HeapTuple row, std::size_t table) {
            const auto &fixed = fixed_part<FormData_pg_publication_rel>(row);
            tree.add(table, {.publication = fixed.prpubid,
                             .is_excepted = is_excepted(fixed),
                             .narrowing = narrowing_of(row, catalog.table)});
        });
    });
    OidFinder finder{oids};
    for (Relation &relation : relations)
        relation.listings = tree.listings_of(finder.find(relation.oid));
}

} // namespace dj_deploy
