// LAUNCH: a background worker for this session.
#pragma once

#include "worker/channel.hpp"

namespace dj_deploy {

struct Process {
    Channel channel;
    ::BackgroundWorkerHandle *handle;
};

// Starts a worker, which ends with its leader's transaction at the latest, however that ends. False when all
// of max_worker_processes are in use. The process is valid as long as the transaction.
bool launch(Process &process);

// Its process; 0 when there is none.
std::int32_t pid_of(const Process &process);

// Appends the processes that the worker waits for, "123, 124", to a list. Reads no catalog.
void add_blockers(Array<std::int32_t> &list, const Process &process);

// Cancels the statement that the worker executes.
void cancel(const Process &process);

// Asks the worker to end in the middle of what it does.
void terminate(const Process &process);

// Lets the worker end by itself, and waits until its place is free for another.
void dismiss(const Process &process);

} // namespace dj_deploy
