// A record is padded to the alignment of the next, and its main data has a longer header from 256 bytes on.
// For short rows that is a good part of what they cost.
#include "catalog/wal_records.hpp"

namespace dj_deploy {

namespace {

// The header of a block, and then which block it is: tablespace, database, file and number.
constexpr double block_header = SizeOfXLogRecordBlockHeader + 3 * sizeof(::Oid) + sizeof(::BlockNumber);

double main_data(double bytes)
{
    return bytes + (bytes > UINT8_MAX ? SizeOfXLogRecordDataHeaderLong : SizeOfXLogRecordDataHeaderShort);
}

// A record about one block.
double record_bytes(double main, double block)
{
    return MAXALIGN(static_cast<::Size>(SizeOfXLogRecord + block_header + block + main_data(main)));
}

// The average over lengths around the average one, unless all rows are as long.
double growth(double main, TupleBytes old_row, TupleBytes block)
{
    const int spread = old_row.is_exact ? 0 : 1;
    double sum = 0;
    for (int longer = -spread; longer <= spread; longer++) {
        const double block_data = block.bytes + (block.is_exact ? 0 : longer);
        sum += record_bytes(main + old_row.bytes + longer, block_data) - record_bytes(main, block_data);
    }
    return sum / (2 * spread + 1);
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
