// A message now and then.
#include "run/progress.hpp"

namespace dj_deploy {

namespace {

// Where nothing has been done meanwhile, a message comes after so many intervals.
constexpr int patience = 10;

} // namespace

bool Progress::is_due(int wait)
{
    const ::TimestampTz now = ::GetCurrentTimestamp();
    const bool is_long_ago = ::TimestampDifferenceExceeds(last, now, wait);
    if (is_long_ago)
        last = now;
    return is_long_ago;
}

bool Progress::is_time()
{
    const bool is_news = done != last_done;
    if (!is_due(is_news ? interval : interval * patience))
        return false;
    last_done = done;
    return true;
}

void Progress::report()
{
    if (is_time())
        say();
}

void Progress::say() const
{
    ereport(NOTICE, errmsg("%zu of %zu %s done", done, total, what));
}

void Progress::leave_behind(const char *statements)
{
    if (statements == nullptr)
        return;
    const ::MemoryContext caller = ::MemoryContextSwitchTo(context);
    if (leftovers == nullptr)
        leftovers = ::makeStringInfo();
    ::appendStringInfo(leftovers, "%s%s", leftovers->len > 0 ? "; " : "", statements);
    ::MemoryContextSwitchTo(caller);
}

void Progress::explain_cancel() const
{
    if (::geterrcode() != ERRCODE_QUERY_CANCELED && ::geterrcode() != ERRCODE_ADMIN_SHUTDOWN)
        return;
    ::errdetail("%s.", what_stays());
    if (const char *hint = leftovers_hint())
        ::errhint("%s", hint);
}

const char *Progress::what_stays() const
{
    return ::psprintf("%zu of %zu %s are done and stay done", done, total, what);
}

const char *Progress::leftovers_hint() const
{
    return leftovers == nullptr
               ? nullptr
               : ::psprintf("Invalid indexes are left behind. Remove them with: %s", leftovers->data);
}

} // namespace dj_deploy
