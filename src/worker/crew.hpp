// The leader's side: the workers, and what they are working on.
#pragma once

#include "cluster/shard_waits.hpp"
#include "run/failures.hpp"
#include "worker/launch.hpp"

namespace dj_deploy {

struct Worker {
    Process process;
    const Change *change;   // it is working on; null when idle
    ::TimestampTz since;    // when it was handed over
    const char *shard_held; // why its statement was cancelled; null unless it was
    ::MemoryContext memory; // of the error
    ::ErrorData error;      // of the change, or of its start
    bool has_error;
    bool has_begun; // the statement of the change, which may leave something behind
    bool is_ready;  // has taken over the session
    bool is_gone;

    bool is_idle() const { return is_ready && !is_gone && change == nullptr; }
};

struct Crew {
    std::span<const Change> changes;
    std::string_view session;
    std::size_t jobs;             // workers that are wanted
    Sharded sharded;              // tables whose statements are watched
    int longest_wait;             // ms, for a lock; 0 without a limit
    Array<const char *> executed; // for each change its statement, null while it is not done
    Failures failures;
    Progress progress;
    Array<Worker> workers;
    Array<const Table *> cut_short; // tables with statements that leave something behind when they fail
    std::size_t next = 0;           // change to hand over
    ::TimestampTz last_look = 0;    // at shards
    bool is_stopping = false;

    bool has_work() const { return next < changes.size() && !is_stopping; }
    std::size_t present() const;
    bool is_working() const;
    bool may_begin(const Change &change) const;

    void fill_up();
    void hand_over();
    bool listen();
    bool listen(Worker &worker);
    void lose(Worker &worker);
    void understand(Worker &worker, std::string_view message);
    ::ErrorData shard_timeout(const Table &table, const char *holders) const;
    void finish(Worker &worker, std::string_view as_executed);
    bool is_to_be_watched(const Worker &worker, ::TimestampTz now) const;
    void watch_shards();
    void look_at_shards(std::span<const std::int32_t> pids);
    void cancel_waiting(Worker &worker, const ShardWait &wait);
    void give_up(const ::ErrorData &error);
    void stop();
    void report_progress() const;
    void show() const;
    void find_leftovers();
    void run();
};

// The tables with shards whose statements are to be watched: not those that wait for transactions, which may
// take as long as these.
Sharded find_watched(std::span<const Change> changes);

} // namespace dj_deploy
