// The part in the table comes from the columns, or from the rows that its pages hold; the part in the TOAST
// table from the number of its chunks and how full its pages are, as far as bloat lets that be told.
#include "catalog/old_rows.hpp"

namespace dj_deploy {

namespace {

constexpr double page_bytes = BLCKSZ - SizeOfPageHeaderData;
constexpr double item_pointer = sizeof(::ItemIdData);
constexpr double chunk_header =
    MAXALIGN(SizeofHeapTupleHeader) + sizeof(::Oid) + sizeof(std::int32_t) + VARHDRSZ;
constexpr double average_padding = (MAXIMUM_ALIGNOF - 1) / 2.0;

// Rows in a full page; 0 when unknown. How full a single page is cannot be told; of several the last one is
// taken for half full. What VACUUM or ANALYZE saw together is better than what was counted one by one.
double rows_per_page(const HeapFacts &heap)
{
    const bool was_counted = heap.rows_at_count > 0;
    const double pages = was_counted ? heap.pages_at_count : heap.pages;
    const double rows = was_counted ? heap.rows_at_count + heap.dead_at_count : heap.live + heap.dead;
    return pages >= 2 && rows > 0 ? rows / (pages - 0.5) : 0;
}

// What a page has for each of its rows, less what the WAL record does not hold.
double tuple_bytes_by_pages(const HeapFacts &heap)
{
    const double stored = page_bytes / rows_per_page(heap) - item_pointer - average_padding;
    return std::max(stored, static_cast<double>(MAXALIGN(SizeofHeapTupleHeader))) - SizeofHeapTupleHeader +
           SizeOfHeapHeader;
}

// Whether at least one more row of that length would fit into every page: then the rows hold more than the
// columns that are left.
bool is_shorter_than_pages_say(double bytes, const HeapFacts &heap)
{
    const double stored = bytes + SizeofHeapTupleHeader - SizeOfHeapHeader + MAXIMUM_ALIGNOF + item_pointer;
    return rows_per_page(heap) > 0 && page_bytes / stored > rows_per_page(heap) + 1;
}

OldRows measure_stored(const WriteFacts &facts, const StoredColumns &columns)
{
    const bool has_pages = rows_per_page(facts.heap) > 0;
    if (columns.are_known()) {
        const TupleBytes tuple = tuple_bytes(columns.columns.view());
        if (!columns.has_dropped || !is_shorter_than_pages_say(tuple.average, facts.heap))
            return {.basis = columns.are_fixed ? Basis::types : Basis::statistics, .stored = tuple};
    }
    if (!has_pages)
        return {.basis = Basis::unknown};
    return {.basis = Basis::pages, .stored = varying_bytes(tuple_bytes_by_pages(facts.heap))};
}

// Rows and the chunks that belong to them.
struct Chunks {
    double rows;
    double chunks;
    double values; // most that can be made of them
};

// The live ones, or when all rows have been deleted, those that are dead.
Chunks count_chunks(const WriteFacts &facts, const StoredColumns &columns)
{
    const bool has_rows = facts.heap.rows() > 0;
    const double rows = has_rows ? facts.heap.rows() : facts.heap.dead - facts.heap.dead_at_count;
    double chunks = has_rows ? facts.toast.rows() : facts.toast.dead;
    // Fewer chunks than values, or none at all: the statistics were reset and nobody has counted since. Then
    // the pages are taken for full.
    const bool is_counted = facts.toast.rows() + facts.toast.dead > 0;
    if (!is_counted || chunks < 0.9 * rows * columns.values_in_toast)
        chunks = facts.toast.pages * EXTERN_TUPLES_PER_PAGE;
    return {.rows = rows, .chunks = chunks, .values = std::min(rows * columns.most_values_in_toast, chunks)};
}

// Bytes of the average chunk: halfway between the least and the most that it can be. All chunks of a value
// but the last are full. A page has no room for another chunk of full length; one with more room than its
// chunks can fill tells nothing, but then only long values come into a TOAST table.
double chunk_bytes(const HeapFacts &toast, const Chunks &count)
{
    constexpr double longest = TOAST_MAX_CHUNK_SIZE;
    const double per_page = std::max(toast.rows() + toast.dead, count.chunks) / toast.pages;
    const double most = page_bytes / per_page - item_pointer - chunk_header;
    const bool is_bloated = most > 1.05 * longest;
    const double packed =
        is_bloated ? longest / 2 : most - (longest + chunk_header + item_pointer) / per_page;
    const double full_chunks = longest * (1 - count.values / count.chunks);
    return (std::max(packed, full_chunks) + std::min(most, longest)) / 2;
}

// Bytes in the TOAST table for each row; nothing where rows had some, but none is left to tell how many.
std::optional<double> toast_bytes(const WriteFacts &facts, const StoredColumns &columns)
{
    const Chunks count = count_chunks(facts, columns);
    if (count.rows <= 0)
        return columns.values_in_toast > 0 || facts.has_used_toast ? std::nullopt : std::optional(0.0);
    if (facts.toast.pages <= 0)
        return 0;
    return count.chunks > 0 ? count.chunks * chunk_bytes(facts.toast, count) / count.rows : 0;
}

} // namespace

OldRows measure_old_rows(const WriteFacts &facts, const StoredColumns &columns)
{
    OldRows rows = measure_stored(facts, columns);
    if (columns.is_key_known())
        rows.key = key_tuple_bytes(columns.columns.view());
    const std::optional<double> toast = toast_bytes(facts, columns);
    if (!toast) {
        rows.basis = Basis::unknown;
        return rows;
    }
    rows.toast = *toast;
    // How full a page is matters little where the TOAST table has many times as much.
    const double most_stored = page_bytes * facts.heap.pages / facts.heap.rows();
    if (rows.basis == Basis::unknown && *toast > 4 * most_stored) {
        rows.basis = Basis::pages;
        rows.stored = varying_bytes(most_stored / 2);
    }
    return rows;
}

} // namespace dj_deploy
