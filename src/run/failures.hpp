// What went wrong in a run that goes on: warned of at once, and an error at the end.
#pragma once

#include "run/progress.hpp"

namespace dj_deploy {

struct Failures {
    ::MemoryContext context;
    ::StringInfoData lines; // of the first ten
    std::size_t count;
    int sqlstate;       // of the first
    ::ErrorData *first; // whole; null when it was no error
    bool has_context;   // the errors have the caller's context, too
    bool always_counts; // a single error says what is done, though it has a detail of its own

    static Failures none();

    // Keeps an error of the statement, and warns of it with all that the error says.
    void add(const char *statement, const ::ErrorData &error);

    // Keeps something that is no error.
    void add(const char *statement, int sqlstate, const char *message);

    // Raises what was kept, if anything: a single error as it was, several in one that names them.
    void raise(const Progress &progress, const char *hint) const;
};

} // namespace dj_deploy
