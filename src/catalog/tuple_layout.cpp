// An offset is an average, of which is certain only what remains when it is divided by a power of two: the
// padding before an aligned value follows from that remainder, or else is the average of what is possible.
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

// The offset of the next value, from the start of the data, which is aligned for every type.
struct Offset {
    double bytes = 0;
    int modulus = MAXIMUM_ALIGNOF;
    int rest = 0; // every offset divided by modulus leaves it

    int gap(int alignment) const
    {
        const int certain = std::min(alignment, modulus);
        return (certain - rest % certain) % certain;
    }

    void align(int alignment)
    {
        bytes += gap(alignment) + std::max(alignment - modulus, 0) / 2.0;
        rest = alignment > modulus ? 0 : (rest + gap(alignment)) % modulus;
        modulus = std::max(modulus, alignment);
    }

    void advance(const StoredColumn &column)
    {
        if (column.length > 0) {
            bytes += column.length;
            rest = (rest + column.length) % modulus;
        } else {
            bytes += column.width;
            modulus = 1;
            rest = 0;
        }
    }

    // This offset where the column is null, the other one where it is not.
    void blend(const Offset &other, double null_fraction)
    {
        bytes = null_fraction * bytes + (1 - null_fraction) * other.bytes;
        modulus = std::min(modulus, other.modulus);
        while (rest % modulus != other.rest % modulus)
            modulus /= 2;
        rest %= modulus;
    }
};

bool is_aligned(const StoredColumn &column)
{
    const bool can_be_short = column.length == -1 && column.storage != TYPSTORAGE_PLAIN;
    return !can_be_short || column.width > longest_short_varlena;
}

// One tuple as its columns are added to it.
struct Layout {
    Offset offset{};
    double without_null = 1; // how likely a tuple has no null at all, if columns are null independently
    bool is_exact = true;

    void add(const StoredColumn &column, double null_fraction)
    {
        without_null *= 1 - null_fraction;
        if (null_fraction >= 1)
            return;
        is_exact = is_exact && column.length > 0 && null_fraction == 0;
        Offset present = offset;
        if (is_aligned(column))
            present.align(alignment_bytes(column.alignment));
        present.advance(column);
        if (null_fraction == 0)
            offset = present;
        else
            offset.blend(present, null_fraction);
    }

    TupleBytes finish(std::size_t columns) const
    {
        const auto header = MAXALIGN(SizeofHeapTupleHeader);
        const auto with_bitmap = MAXALIGN(SizeofHeapTupleHeader + BITMAPLEN(columns));
        const double data_start = without_null * header + (1 - without_null) * with_bitmap;
        return {.bytes = SizeOfHeapHeader + data_start - SizeofHeapTupleHeader + offset.bytes,
                .is_exact = is_exact};
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

} // namespace dj_deploy
