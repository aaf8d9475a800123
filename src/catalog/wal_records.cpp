// A record is padded to the alignment of the next, and its main data has a longer header from 256 bytes on.
// Rows of a fixed length are all padded alike, others by the average.
#include "catalog/wal_records.hpp"

namespace dj_deploy {

namespace {

// The header of a block, and then which block it is: tablespace, database, file and number.
constexpr double block_header = SizeOfXLogRecordBlockHeader + 3 * sizeof(::Oid) + sizeof(::BlockNumber);

double main_data(double bytes)
{
    return bytes + (bytes > UINT8_MAX ? SizeOfXLogRecordDataHeaderLong : SizeOfXLogRecordDataHeaderShort);
}

double padded(TupleBytes record)
{
    return record.is_exact ? MAXALIGN(static_cast<::Size>(record.bytes))
                           : record.bytes + (MAXIMUM_ALIGNOF - 1) / 2.0;
}

// A record about one block, with the main data and the block's data.
double record_bytes(TupleBytes main, TupleBytes block)
{
    return padded({.bytes = SizeOfXLogRecord + block_header + block.bytes + main_data(main.bytes),
                   .is_exact = main.is_exact && block.is_exact});
}

double growth(double main, TupleBytes old_row, TupleBytes block)
{
    return record_bytes({.bytes = main + old_row.bytes, .is_exact = old_row.is_exact}, block) -
           record_bytes({.bytes = main, .is_exact = true}, block);
}

} // namespace

double update_growth(TupleBytes old_row, TupleBytes stored)
{
    return growth(SizeOfHeapUpdate, old_row, stored);
}

double delete_growth(TupleBytes old_row)
{
    return growth(SizeOfHeapDelete, old_row, {.bytes = 0, .is_exact = true});
}

} // namespace dj_deploy
