// How long to wait before trying again.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

constexpr double shortest_pause = 20; // ms

// Sleeps for a random part of the pause; true unless the deadline has come. Meanwhile no snapshot is held.
bool sleep_before(::TimestampTz deadline, double &pause);

} // namespace dj_deploy
