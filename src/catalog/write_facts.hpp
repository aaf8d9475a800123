// What the server has counted and measured of tables and their TOAST tables. Nothing here reads or locks
// them.
#pragma once

#include "pg/array.hpp"

namespace dj_deploy {

// The main fork of a table or of its TOAST table.
struct HeapFacts {
    double pages;          // in the file now
    double pages_at_count; // when VACUUM or ANALYZE counted last
    double rows_at_count;  // live ones; -1 when neither has
    double dead_at_count;  // at least
    double live;           // rows by the cumulative statistics
    double dead;           // likewise
    bool is_counted;       // VACUUM or ANALYZE has set both since the statistics began

    // Live rows, as far as anybody knows.
    double rows() const;

    // Both as one.
    void add(const HeapFacts &other);
};

struct WriteFacts {
    std::size_t table; // its position in the list that was asked for
    bool is_counting;  // false where the server counts no writes: on a standby, with track_counts off
    std::int64_t updates;
    std::int64_t deletes;
    std::optional<::TimestampTz> since; // when the statistics began, where that is known
    std::optional<double> days;         // since then
    HeapFacts heap;
    HeapFacts toast;     // no pages when there is none
    bool has_used_toast; // since the statistics began

    // Both as one.
    void add(const WriteFacts &other);
};

// One for each of the tables that is still there, in the order of the list.
Array<WriteFacts> read_write_facts(std::span<const ::Oid> tables);

} // namespace dj_deploy
