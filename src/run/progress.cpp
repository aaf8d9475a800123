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

void Progress::leave_behind(const char *statements)
{
    if (leftovers == nullptr)
        leftovers = statements;
    else if (statements != nullptr)
        leftovers = ::psprintf("%s; %s", leftovers, statements);
}

void Progress::explain_cancel() const
{
    if (::geterrcode() != ERRCODE_QUERY_CANCELED && ::geterrcode() != ERRCODE_ADMIN_SHUTDOWN)
        return;
    ::errdetail("%zu of %zu %s are done and stay done.", done, total, what);
    if (leftovers != nullptr)
        ::errhint("Invalid indexes are left behind. Remove them with: %s", leftovers);
}

} // namespace dj_deploy
