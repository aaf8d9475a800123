// The pauses of a rollout between two rounds.
#include "run/pause.hpp"

namespace dj_deploy {

namespace {

constexpr double longest_pause = 500; // ms

} // namespace

bool sleep_before(::TimestampTz deadline, double &pause)
{
    const long left = ::TimestampDifferenceMilliseconds(::GetCurrentTimestamp(), deadline);
    if (left <= 0)
        return false;
    ::InvalidateCatalogSnapshot();
    const double jitter = 0.5 + ::pg_prng_double(&::pg_global_prng_state) / 2;
    const long wait = std::clamp(static_cast<long>(pause * jitter), 1L, left);
    ::WaitLatch(::MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, wait, PG_WAIT_EXTENSION);
    ::ResetLatch(::MyLatch);
    CHECK_FOR_INTERRUPTS();
    pause = std::min(pause * 2, longest_pause);
    return true;
}

} // namespace dj_deploy
