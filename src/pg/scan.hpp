// Catalog scans without a planner: their cost depends on nothing but the rows they find, and they see the
// newest committed state whatever the transaction's snapshot.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// An OID to look for in a column. Several keys belong to the first columns of the index, in order.
struct OidKey {
    ::AttrNumber column;
    ::Oid value;
};

// From the first OID to the last, both included.
struct OidRange {
    ::AttrNumber column;
    ::Oid first;
    ::Oid last;
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
        const std::size_t place = count_below(oid);
        if (place == oids.size() || oids[place] != oid)
            return oids.size();
        return last = place;
    }

private:
    // Without a branch that depends on the OIDs, which no processor foretells where their order is another.
    std::size_t count_below(::Oid oid) const
    {
        std::size_t place = 0;
        for (std::size_t left = oids.size(); left > 0;) {
            const std::size_t half = (left + 1) / 2;
            place += oids[place + half - 1] < oid ? half : 0;
            left -= half;
        }
        return place;
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
        scan_while(keys, [&](::HeapTuple row) {
            on_row(row);
            return true;
        });
    }

    // Like scan(), but ends as soon as on_row(HeapTuple) returns false. With a range, only rows whose value
    // in the column after those of the keys lies in it. The server reads the index a page at a time: a range
    // keeps it from reading on for rows that nobody asks for.
    template <class OnRow>
    void scan_while(std::initializer_list<OidKey> keys, OnRow &&on_row,
                    std::optional<OidRange> range = {}) const
    {
        std::array<::ScanKeyData, 4> scan_keys;
        int count = 0;
        for (const OidKey &key : keys)
            ::ScanKeyInit(&scan_keys[count++], key.column, BTEqualStrategyNumber, F_OIDEQ,
                          ObjectIdGetDatum(key.value));
        if (range) {
            ::ScanKeyInit(&scan_keys[count++], range->column, BTGreaterEqualStrategyNumber, F_OIDGE,
                          ObjectIdGetDatum(range->first));
            ::ScanKeyInit(&scan_keys[count++], range->column, BTLessEqualStrategyNumber, F_OIDLE,
                          ObjectIdGetDatum(range->last));
        }

        const ::SysScanDesc scan =
            ::systable_beginscan_ordered(table, index, nullptr, count, scan_keys.data());
        for (bool goes_on = true; goes_on;) {
            const ::HeapTuple row = ::systable_getnext_ordered(scan, ForwardScanDirection);
            goes_on = HeapTupleIsValid(row) && on_row(row);
        }
        ::systable_endscan_ordered(scan);
    }

    // The values of the index's first column, each once and in order, however many rows have one.
    Array<::Oid> read_distinct(::AttrNumber column) const
    {
        Array<::Oid> values;
        for (bool is_found = true; is_found && (values.is_empty() || values[values.count - 1] < OID_MAX);) {
            CHECK_FOR_INTERRUPTS();
            is_found = false;
            const auto take = [&](::HeapTuple row) {
                values.push(value_of(row, column));
                is_found = true;
                return false;
            };
            const ::Oid next = values.is_empty() ? InvalidOid : values[values.count - 1] + 1;
            scan_while({}, take, OidRange{column, next, OID_MAX});
        }
        return values;
    }

    // Calls on_row(HeapTuple) for each row that has the values of the keys and one of the sorted OIDs in the
    // column after those, in the index's order. What was written together is often near each other, so that
    // it reads on for a while before it looks the next OID up.
    template <class OnRow>
    void scan_among(std::initializer_list<OidKey> keys, ::AttrNumber column, std::span<const ::Oid> oids,
                    OnRow &&on_row) const
    {
        constexpr int most_strangers = 8;
        for (std::size_t place = 0; place < oids.size();) {
            CHECK_FOR_INTERRUPTS();
            int strangers = 0;
            bool is_far = false; // from the next OID
            const auto look = [&](::HeapTuple row) {
                const ::Oid oid = value_of(row, column);
                while (place < oids.size() && oids[place] < oid)
                    place++;
                if (place < oids.size() && oids[place] == oid) {
                    strangers = 0;
                    on_row(row);
                } else {
                    is_far = ++strangers > most_strangers;
                }
                return place < oids.size() && !is_far;
            };
            scan_while(keys, look, OidRange{column, oids[place], oids.back()});
            if (!is_far)
                return;
        }
    }

    // Calls on_row(HeapTuple), or on_row(HeapTuple, place of its OID), for each row that has one of the
    // sorted OIDs in the column, the index's first, in no particular order. Looks each of them up, or reads
    // the whole catalog once where that is less work: a look-up and a page cost about the same.
    template <class OnRow>
    void scan_each(::AttrNumber column, std::span<const ::Oid> oids, OnRow &&on_row) const
    {
        if (oids.size() > RelationGetNumberOfBlocks(table))
            return scan_all(column, oids, on_row);
        for (std::size_t place = 0; place < oids.size(); place++)
            scan({{column, oids[place]}}, [&](::HeapTuple row) { call(on_row, row, place); });
    }

private:
    template <class OnRow>
    static void call(OnRow &on_row, ::HeapTuple row, std::size_t place)
    {
        if constexpr (std::is_invocable_v<OnRow &, ::HeapTuple, std::size_t>)
            on_row(row, place);
        else
            on_row(row);
    }

    ::Oid value_of(::HeapTuple row, ::AttrNumber column) const
    {
        bool is_null = false;
        return DatumGetObjectId(heap_getattr(row, column, RelationGetDescr(table), &is_null));
    }

    template <class OnRow>
    void scan_all(::AttrNumber column, std::span<const ::Oid> oids, OnRow &&on_row) const
    {
        OidFinder finder{oids};
        const ::SysScanDesc scan = ::systable_beginscan(table, InvalidOid, false, nullptr, 0, nullptr);
        while (const ::HeapTuple row = ::systable_getnext(scan)) {
            const std::size_t place = finder.find(value_of(row, column));
            if (place < oids.size())
                call(on_row, row, place);
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
