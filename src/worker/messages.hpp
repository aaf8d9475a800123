// MESSAGES: what workers say, for the caller.
#pragma once

#include "run/failures.hpp"
#include "worker/channel.hpp"

namespace dj_deploy {

// Reads an error or a notice as a worker has sent it, in the current memory context; what was fatal to the
// worker is an error here.
::ErrorData read_error(std::string_view message);

// Passes what a worker has said, which is no error, on to the client, with its own context and no other.
void pass_on(const ::ErrorData &notice);

// The same with a notice as a worker has sent it.
void pass_on_notice(std::string_view message);

// The errors for a worker that has ended without a word, for one that has ended before it could start, and
// for one that is not to be had.
::ErrorData lost_worker();
::ErrorData unstarted_worker();
::ErrorData no_worker();

// What a REINDEX CONCURRENTLY that was cut short leaves behind on the table is added to its error: which
// indexes, and the statements that remove them. Returns these statements, or null when nothing is left.
// Waits for no lock.
const char *name_leftovers(const Table &table, ::ErrorData &error);

} // namespace dj_deploy
