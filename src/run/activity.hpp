// What pg_stat_activity shows as the query of a session while it runs a call:
// dj_deploy.rollout: 312 of 5000 statements, waiting for lab.session
#pragma once

#include "catalog/relation_name.hpp"
#include "run/attempt.hpp"

namespace dj_deploy {

// What does not fit is cut off.
struct ActivityText {
    std::array<char, 4096> bytes;
    std::size_t length;

    void append(std::string_view piece);
    void append(std::size_t number);
};

struct Activity {
    ::Oid function;         // of the call
    ::MemoryContext memory; // lasts as long as the call
    Activity *outer;        // of the call in whose course this one came; null when there is none
    const char *query;      // what was shown before; null as long as it still is
    ActivityText text;
    std::size_t before_count; // length of "dj_deploy.rollout: "
    std::size_t after_count;  // and with "312 of 5000 statements"

    void begin(::FunctionCallInfo call);
    void end();
};

// Runs step(), the work of a call. What is shown meanwhile gives way to the query that was there before,
// however step() ends. Returns what step() returns.
template <class Step>
::Datum with_activity(::FunctionCallInfo call, Step &&step)
{
    Activity activity;
    ::Datum result{};
    activity.begin(call);
    with_finish([&] { result = step(); }, [&] { activity.end(); });
    return result;
}

// What is shown from now on. Nothing is shown outside of with_activity(), as in a worker, and nothing with
// track_activities off. The first of them in a call may read the catalog.

// dj_deploy.apply: planning
void show_planning();

// dj_deploy.rollout: 312 of 5000 statements, at lab.session; a name without name is left out
void show_progress(std::size_t done, std::size_t total, std::span<const RelationName> at = {});
void show_progress(std::size_t done, std::size_t total, const RelationName &at);

// The numbers of the last show_progress() with what the session waits for, and without, once it is there.
void show_waiting(const RelationName &table);
void show_waiting(const char *kind, const char *name); // waiting for schema lab
void show_waiting(const char *what);                   // waiting for the disk
void show_waited();

} // namespace dj_deploy
