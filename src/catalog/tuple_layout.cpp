// Follows the offset in the tuple from column to column: on average, and with all its remainders, so that
// the padding before an aligned value is the average of what is possible.
#include "catalog/tuple_layout.hpp"

namespace dj_deploy {

namespace {

// Varlenas up to this size have a header of one byte and are not aligned.
constexpr double longest_short_varlena = VARATT_SHORT_MAX;

int alignment_bytes(char alignment)
{
    switch (alignment) {
    case TYPALIGN_DOUBLE:
        return ALIGNOF_DOUBLE;
    case TYPALIGN_INT:
        return ALIGNOF_INT;
    case TYPALIGN_SHORT:
        return ALIGNOF_SHORT;
    default:
        return 1;
    }
}

constexpr int padding(int offset, int alignment)
{
    return (alignment - offset % alignment) % alignment;
}

// This distribution for the share of tuples, the other one for the rest.
Remainders blend(const Remainders &left, double share, const Remainders &right)
{
    Remainders result{};
    for (int rest = 0; rest < MAXIMUM_ALIGNOF; rest++)
        result[rest] = share * left[rest] + (1 - share) * right[rest];
    return result;
}

// The remainders after a step whose length depends on where it starts.
template <class StepLength>
Remainders move(const Remainders &from, StepLength step_length)
{
    Remainders result{};
    for (int rest = 0; rest < MAXIMUM_ALIGNOF; rest++)
        result[(rest + step_length(rest)) % MAXIMUM_ALIGNOF] += from[rest];
    return result;
}

void align(TupleBytes &offset, int alignment)
{
    for (int rest = 0; rest < MAXIMUM_ALIGNOF; rest++)
        offset.average += offset.remainders[rest] * padding(rest, alignment);
    offset.remainders = move(offset.remainders, [&](int rest) { return padding(rest, alignment); });
}

// The average width of varlenas has lost its fraction, which is one half for all that we know.
void advance(TupleBytes &offset, const StoredColumn &column)
{
    const bool is_fixed = column.length > 0;
    const auto width = is_fixed ? column.length : static_cast<int>(column.width);
    const auto advanced = [&](int bytes) { return move(offset.remainders, [&](int) { return bytes; }); };
    offset.average += is_fixed ? width : width + 0.5;
    offset.remainders = blend(advanced(width), is_fixed ? 1 : 0.5, advanced(width + 1));
}

bool is_aligned(const StoredColumn &column)
{
    const bool can_be_short = column.length == -1 && column.storage != TYPSTORAGE_PLAIN;
    return !can_be_short || column.width > longest_short_varlena;
}

// One tuple as its columns are added to it.
struct Layout {
    TupleBytes offset{};     // of the next value, from the start of the data, which is aligned for every type
    double without_null = 1; // how likely a tuple has no null at all, if columns are null independently

    void add(const StoredColumn &column, double null_fraction)
    {
        without_null *= 1 - null_fraction;
        if (null_fraction >= 1)
            return;
        TupleBytes present = offset;
        if (is_aligned(column))
            align(present, alignment_bytes(column.alignment));
        advance(present, column);
        offset.average = null_fraction * offset.average + (1 - null_fraction) * present.average;
        offset.remainders = blend(offset.remainders, null_fraction, present.remainders);
    }

    // The data starts at an aligned offset of the tuple, with or without a bitmap.
    TupleBytes finish(std::size_t columns) const
    {
        constexpr int plain = MAXALIGN(SizeofHeapTupleHeader) - SizeofHeapTupleHeader + SizeOfHeapHeader;
        const int bitmap =
            MAXALIGN(SizeofHeapTupleHeader + BITMAPLEN(columns)) - MAXALIGN(SizeofHeapTupleHeader);
        return {.average = offset.average + plain + (1 - without_null) * bitmap,
                .remainders = move(offset.remainders, [](int) { return plain; })};
    }
};

} // namespace

TupleBytes tuple_bytes(std::span<const StoredColumn> columns)
{
    Layout layout{};
    for (const StoredColumn &column : columns)
        layout.add(column, column.null_fraction);
    return layout.finish(columns.size());
}

TupleBytes key_tuple_bytes(std::span<const StoredColumn> columns)
{
    Layout layout{};
    for (const StoredColumn &column : columns)
        layout.add(column, column.is_key ? 0 : 1);
    return layout.finish(columns.size());
}

TupleBytes varying_bytes(double average)
{
    TupleBytes bytes{.average = average};
    bytes.remainders.fill(1.0 / MAXIMUM_ALIGNOF);
    return bytes;
}

} // namespace dj_deploy
