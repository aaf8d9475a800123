// ALTER TABLE "lab"."session" SET (autovacuum_vacuum_scale_factor = 0.02), RESET (vacuum_truncate) for every
// table whose storage parameters are not as asked.
#pragma once

#include "plan/plan.hpp"
#include "request/storage_parameters.hpp"

namespace dj_deploy {

struct AutovacuumPlanner {
    // Hidden tables need vacuum like any other.
    static constexpr Scope scope = {.has_hidden = true, .has_options = true};
    static const StatementKind statement;
    static constexpr std::array statements = {&statement};

    Array<StorageParameter> parameters; // at most 64, by name

    void plan(const Target &target, std::span<const Table> tables, Plan &plan) const;

private:
    using Mask = std::uint64_t; // a bit for each parameter, in their order

    struct Difference {
        Mask to_set;
        Mask to_reset;

        bool is_none() const { return to_set == 0 && to_reset == 0; }
        bool operator==(const Difference &) const = default;
    };

    // pg_class.reloptions of a table and of its TOAST table.
    struct Options {
        ::Datum own;
        ::Datum of_toast;
        bool has_toast;

        bool operator==(const Options &) const = default;
    };

    static Options options_of(const DifferingShards &shards, const Table &table);
    bool has_toast_parameters() const;
    Difference compare(const Options &options) const;
    const char *current(const Options &options, const StorageParameter &parameter) const;
    const char *action(const Difference &difference) const;
    const Effect *effect(const Options &options, const Difference &difference) const;
    Difference add_shards(Difference difference, const Table &table, const Plan &plan) const;
    const Effect *effect_on_shards(const Table &table, const char *action, const Plan &plan) const;
};

} // namespace dj_deploy
