// CREATE PUBLICATION "cdc" WITH (publish = 'insert, update', publish_via_partition_root = true), and
// ALTER PUBLICATION "cdc" SET (publish = 'insert, update') for each option that is not as asked.
#pragma once

#include "plan/plan.hpp"
#include "publishing/publication.hpp"

namespace dj_deploy {

// How a publication is asked to be: of the options those that are given.
struct PublicationSettings {
    const char *name;
    bool has_publish;   // publish
    bool has_via_root;  // publish_via_partition_root
    bool has_generated; // publish_generated_columns (18 and later)
    Publication options;
};

// So that no write fails between two statements of a plan: what publishes less comes before the tables
// change, what publishes more after that.
constexpr int less_phase = std::numeric_limits<int>::min(); // options
constexpr int leaving_phase = -1; // of partitioned tables; earlier by one for each table above a partition
constexpr int joining_phase = 1;
constexpr int more_phase = 2;

// How a publication is to be after the plan.
struct PlannedPublication {
    Publication publication;
    bool is_new;
    bool is_changed;
};

// Options that are not given stay; of a new publication they are the server's, but for
// publish_via_partition_root = true. A new one gets the given number instead of an OID.
PlannedPublication plan_publication_options(const PublicationSettings &settings, ::Oid number, Plan &plan);

} // namespace dj_deploy
