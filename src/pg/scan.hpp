// Catalog scans without a planner: their cost depends on nothing but the rows they find, and they see the
// newest committed state whatever the transaction's snapshot.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// An OID to look for in a column. Several keys belong to the first columns of the index, in order.
struct OidKey {
    ::AttrNumber column;
    ::Oid value;
};

// Finds OIDs among sorted ones: rows of a catalog that were written together often come in their order.
struct OidFinder {
    std::span<const ::Oid> oids;
    std::size_t last = 0; // where the one before was found

    // The place of the OID; that after the last one when it is not there.
    std::size_t find(::Oid oid)
    {
        for (const std::size_t guess : {last, last + 1})
            if (guess < oids.size() && oids[guess] == oid)
                return last = guess;
        const auto found = std::lower_bound(oids.begin(), oids.end(), oid);
        if (found == oids.end() || *found != oid)
            return oids.size();
        return last = static_cast<std::size_t>(found - oids.begin());
    }
};

// A catalog and one of its indexes, open and locked.
struct Catalog {
    ::Relation table;
    ::Relation index;

    // Calls on_row(HeapTuple) for each row that the index finds, in its order. The row is valid only during
    // the call.
    template <class OnRow>
    void scan(std::initializer_list<OidKey> keys, OnRow &&on_row) const
    {
        std::array<::ScanKeyData, 2> scan_keys;
        int count = 0;
        for (const OidKey &key : keys)
            ::ScanKeyInit(&scan_keys[count++], key.column, BTEqualStrategyNumber, F_OIDEQ,
                          ObjectIdGetDatum(key.value));

        const ::SysScanDesc scan =
            ::systable_beginscan_ordered(table, index, nullptr, count, scan_keys.data());
        while (const ::HeapTuple row = ::systable_getnext_ordered(scan, ForwardScanDirection))
            on_row(row);
        ::systable_endscan_ordered(scan);
    }

    // Calls on_row(HeapTuple) for each row that has one of the sorted OIDs in the column, the index's first,
    // in no particular order. Looks each of them up, or reads the whole catalog once where that is less work:
    // a look-up and a page cost about the same.
    template <class OnRow>
    void scan_each(::AttrNumber column, std::span<const ::Oid> oids, OnRow &&on_row) const
    {
        if (oids.size() > RelationGetNumberOfBlocks(table))
            return scan_all(column, oids, on_row);
        for (const ::Oid oid : oids)
            scan({{column, oid}}, on_row);
    }

private:
    template <class OnRow>
    void scan_all(::AttrNumber column, std::span<const ::Oid> oids, OnRow &&on_row) const
    {
        OidFinder finder{oids};
        const ::SysScanDesc scan = ::systable_beginscan(table, InvalidOid, false, nullptr, 0, nullptr);
        while (const ::HeapTuple row = ::systable_getnext(scan)) {
            bool is_null = false;
            const ::Oid oid = DatumGetObjectId(heap_getattr(row, column, RelationGetDescr(table), &is_null));
            if (finder.find(oid) < oids.size())
                on_row(row);
        }
        ::systable_endscan(scan);
    }
};

// Opens the catalog for the length of step(Catalog).
template <class Step>
void with_catalog(::Oid table, ::Oid index, Step &&step)
{
    CHECK_FOR_INTERRUPTS(); // a scan looks for none, and callers scan once a table or schema
    const Catalog catalog{.table = ::table_open(table, AccessShareLock),
                          .index = ::index_open(index, AccessShareLock)};
    step(catalog);
    ::index_close(catalog.index, AccessShareLock);
    ::table_close(catalog.table, AccessShareLock);
}

// The fixed part of a row, as GETSTRUCT() gives it.
template <class Form>
const Form &fixed_part(::HeapTuple row)
{
    return *reinterpret_cast<const Form *>(GETSTRUCT(row));
}

} // namespace dj_deploy
