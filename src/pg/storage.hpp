// The size of what a relation stores, as the files say. The server's own functions open the relation and so
// wait for whoever holds a lock on it.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// The forks that a relation can have besides its main one.
struct Forks {
    bool has_visibility_map; // not an index
    bool has_init;           // only what is unlogged
};

// The bytes of a relation, given by what pg_relation_filepath() says: all its forks and all their segments. A
// file that is gone, or not there yet, counts 0; 58030 and the like when a file cannot be looked at.
std::int64_t storage_bytes(const char *path, const Forks &forks);

// The same of its main fork alone.
std::int64_t main_fork_bytes(const char *path);

} // namespace dj_deploy
