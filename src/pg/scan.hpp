// Catalog scans without a planner: their cost depends on nothing but the rows, and they see the newest
// committed state whatever the transaction's snapshot.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// An OID to look for in the column. Several keys belong to the first columns of the index, in order.
struct OidKey {
    ::AttrNumber column;
    ::Oid value;
};

// Calls on_row(HeapTuple) for each row of the catalog that the index finds for the keys, in index order;
// without an index (InvalidOid) for each row that matches. The row is valid only during the call.
template <class OnRow>
void scan_catalog(::Oid catalog, ::Oid index, std::initializer_list<OidKey> keys, OnRow &&on_row)
{
    std::array<::ScanKeyData, 3> scan_keys;
    int count = 0;
    for (const OidKey &key : keys)
        ::ScanKeyInit(&scan_keys[count++], key.column, BTEqualStrategyNumber, F_OIDEQ,
                      ObjectIdGetDatum(key.value));

    const ::Relation relation = ::table_open(catalog, AccessShareLock);
    const ::SysScanDesc scan =
        ::systable_beginscan(relation, index, OidIsValid(index), nullptr, count, scan_keys.data());
    while (const ::HeapTuple row = ::systable_getnext(scan))
        on_row(row);
    ::systable_endscan(scan);
    ::table_close(relation, AccessShareLock);
}

// The fixed part of a row, as GETSTRUCT() gives it.
template <class Form>
const Form &fixed_part(::HeapTuple row)
{
    return *reinterpret_cast<const Form *>(GETSTRUCT(row));
}

} // namespace dj_deploy
