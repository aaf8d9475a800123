// A message now and then.
#include "run/progress.hpp"

#include "pg/error.hpp"

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

const char *Progress::describe_done() const
{
    return ::psprintf(
        "%zu of %zu %s are done and stay done%s.", done, total, what,
        may_lack_replicas ? ", but the last of them might not have been replicated to the standby" : "");
}

void Progress::explain_cancel() const
{
    const Interrupt interrupt = reported_interrupt(context);
    if (interrupt != Interrupt::cancel && interrupt != Interrupt::end_of_session)
        return;
    ::errdetail_internal("%s", describe_done());
    if (const char *hint = leftovers_hint())
        ::errhint("%s", hint);
}

const char *Progress::leftovers_hint() const
{
    return leftovers == nullptr
               ? nullptr
               : ::psprintf("Invalid indexes are left behind. Remove them with: %s", leftovers->data);
}

} // namespace dj_deploy
