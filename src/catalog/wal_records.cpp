// A record is padded to the alignment of the next, and its main data has a longer header from 256 bytes on.
// For short rows that is a good part of what they cost.
#include "catalog/wal_records.hpp"

namespace dj_deploy {

namespace {

// The header of a block, and then which block it is: tablespace, database, file and number.
constexpr double block_header = SizeOfXLogRecordBlockHeader + 3 * sizeof(::Oid) + sizeof(::BlockNumber);

double main_data_header(double bytes)
{
    return bytes > UINT8_MAX ? SizeOfXLogRecordDataHeaderLong : SizeOfXLogRecordDataHeaderShort;
}

// Main data besides the old row, and how often the record has a row of that length as the block's data: an
// UPDATE writes the new row there, which is about as long as the old one.
struct Record {
    double main;
    int rows;

    // With so many rows in it altogether, whose length leaves the remainder.
    int padding(double header, int rows_in_record, int remainder) const
    {
        const auto bytes = static_cast<int>(SizeOfXLogRecord + block_header + header + main);
        return -(bytes + rows_in_record * remainder) & (MAXIMUM_ALIGNOF - 1);
    }
};

double growth(const Record &record, const TupleBytes &stored, double toast)
{
    constexpr double average_padding = (MAXIMUM_ALIGNOF - 1) / 2.0;
    const double before = main_data_header(record.main);
    const double after = main_data_header(record.main + stored.average + toast);
    double bytes = stored.average + toast + after - before;
    for (int rest = 0; rest < MAXIMUM_ALIGNOF; rest++) {
        const double padding = toast > 0 ? average_padding : record.padding(after, record.rows + 1, rest);
        bytes += stored.remainders[rest] * (padding - record.padding(before, record.rows, rest));
    }
    return bytes;
}

} // namespace

double update_growth(const TupleBytes &stored, double toast)
{
    return growth({.main = SizeOfHeapUpdate, .rows = 1}, stored, toast);
}

double delete_growth(const TupleBytes &stored, double toast)
{
    return growth({.main = SizeOfHeapDelete, .rows = 0}, stored, toast);
}

} // namespace dj_deploy
