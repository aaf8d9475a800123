// A message now and then.
#include "run/progress.hpp"

namespace dj_deploy {

bool Progress::is_due()
{
    const ::TimestampTz now = ::GetCurrentTimestamp();
    const bool is_long_ago = ::TimestampDifferenceExceeds(last, now, interval);
    if (is_long_ago)
        last = now;
    return is_long_ago;
}

void Progress::report()
{
    if (is_due())
        ereport(NOTICE, errmsg("%zu of %zu %s done", done, total, what));
}

} // namespace dj_deploy
