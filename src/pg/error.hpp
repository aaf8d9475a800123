// Errors that outlive the frame that caught them.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// The error with everything that it points to, in the current memory context. The server's own copy leaves
// the place in the source where it lies, and that of another process lies in the message that brought it.
::ErrorData *copy_whole(const ::ErrorData &error);

// Adds a line to a text of an error, which may be null, in the current memory context.
void append_line(char *&text, const char *line);

// How the server stops a session: it cancels a statement (an error, also by a timeout), ends the session, or
// gives up waiting for a standby at a COMMIT because of either (a WARNING). Anyone may raise an error with
// the SQLSTATE of these, so what tells is the place in the server where it was raised.
enum class Interrupt { none, cancel, end_of_session, end_of_wait };

// Of the message that an error context callback is called for. The memory is any context but that of errors,
// for a moment.
Interrupt reported_interrupt(::MemoryContext memory);

} // namespace dj_deploy
