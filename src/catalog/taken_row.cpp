// Asks the server's own rule about the version of the row that is current.
#include "catalog/taken_row.hpp"

namespace dj_deploy {

namespace {

// The lock that a foreign key takes, which no change of other columns waits for.
bool is_only_key_locked(const ::HeapTupleHeaderData &row)
{
    return HEAP_XMAX_IS_LOCKED_ONLY(row.t_infomask) && HEAP_XMAX_IS_KEYSHR_LOCKED(row.t_infomask);
}

// The row is in a buffer that is pinned.
bool is_taken(::HeapTuple row, ::Buffer buffer)
{
    ::LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const bool is_being_modified =
        ::HeapTupleSatisfiesUpdate(row, ::GetCurrentCommandId(false), buffer) == ::TM_BeingModified;
    const bool is_taken = is_being_modified && !is_only_key_locked(*row->t_data);
    ::LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
    return is_taken;
}

// Where the table's current row is, as far as the cache knows.
std::optional<::ItemPointerData> find_row(::Oid table)
{
    const ::HeapTuple cached = ::SearchSysCache1(::RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(cached))
        return std::nullopt;
    const ::ItemPointerData place = cached->t_self;
    ::ReleaseSysCache(cached);
    return place;
}

} // namespace

bool is_row_taken(::Oid table)
{
    bool is_found_taken = false;
    // Nobody rewrites the catalog while the lock is held: a place from before could be one of another file.
    const ::Relation catalog = ::table_open(RelationRelationId, AccessShareLock);
    if (const std::optional<::ItemPointerData> place = find_row(table)) {
        ::HeapTupleData row{};
        row.t_self = *place;
        ::Buffer buffer = InvalidBuffer;
        if (::heap_fetch(catalog, SnapshotAny, &row, &buffer, false)) {
            is_found_taken = is_taken(&row, buffer);
            ::ReleaseBuffer(buffer);
        }
    }
    ::table_close(catalog, AccessShareLock);
    return is_found_taken;
}

} // namespace dj_deploy
