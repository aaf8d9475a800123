// HAND OVER: what a leader (the session of the caller) and one of its workers share, a segment of dynamic
// shared memory with a queue each way. The leader sends the caller's session, then tasks. The worker sends
// errors and notices as the server sends them to a client, and "ready" before and after each task. When
// either side ends, however it ends, the other finds its queue detached.
#pragma once

#include "plan/change.hpp"

namespace dj_deploy {

// A message of the worker: the type of the server's own protocol for errors and notices, or ours.
constexpr char message_error = 'E';
constexpr char message_notice = 'N';
constexpr char message_begin = 'B'; // the locks are there; a statement that fails may leave something behind
constexpr char message_ready = 'Z'; // with the statement that was executed, or nothing

// OIDs are InvalidOid for what there is not.
struct TaskFacts {
    ::Oid schema;
    ::Oid table;
    ::Oid toast; // TOAST table of the table
    ::Oid index; // which the statement names instead of the table
    ::LOCKMODE lock;
    bool waits_for_transactions;
};

// A table to work on, or none. The statement is written by the worker, once it has locked the table.
struct Task {
    TaskFacts facts;
    const char *schema; // as planned, for messages
    const char *name;
    RelationName named; // as planned, what the statement names: the table, or the index
    const char *before; // the name of the table or the index
    const char *after;
};

struct Received {
    enum class State { message, nothing_yet, detached } state;
    std::string_view bytes; // valid until the next one is received
};

struct Channel {
    ::dsm_segment *segment;
    ::shm_mq_handle *outgoing;
    ::shm_mq_handle *incoming;

    // The leader's side; the worker's side takes the segment's handle.
    static Channel create();
    static Channel attach(::dsm_handle handle); // without segment when the leader is gone

    // Whether the other side has ever been there.
    bool is_joined() const;

    ::Oid database() const;
    ::Oid user() const; // as whom the caller has connected

    // False when the other side is gone.
    bool send(std::string_view bytes) const;
    Received receive(bool can_wait) const;
};

// A task as bytes, and back: then its strings are those of the bytes.
std::string_view pack(const Change &change);
Task unpack(std::string_view bytes);

} // namespace dj_deploy
