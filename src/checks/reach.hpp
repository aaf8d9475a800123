// How far a remedy reaches: beyond the tables of its findings, and beyond the schema.
#pragma once

#include "checks/review.hpp"

namespace dj_deploy {

// The tables that hold rows which a remedy may touch: those of the subjects, and those of all trees that it
// is about, whether they are subjects or not; all that are known where it changes a publication.
Array<const Relation *> touched(const Review &review, const Intent &intent,
                                const Array<const Subject *> &subjects);

// What the model knows nothing of cannot be judged.
bool knows_all(const Review &review, const Intent &intent);

// The subjects, and those of what the remedy is about: all where it fills a publication.
Array<const Subject *> subjects_about(const Review &review, const Intent &intent,
                                      const Array<const Subject *> &subjects);

struct Unready {
    Array<const Subject *> roots;
    bool has_strangers; // tables that are none of the schemas'
};

// Those of the added and logged tables, or the roots of their partitions, whose writes would begin to fail.
Unready unready(const Review &review, const Intent &base, const Intent &intent);

} // namespace dj_deploy
