// SHA-256 of a text that is never there as a whole. The abort gives back what it holds.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

struct Digest {
    ::pg_cryptohash_ctx *hash;
    ::StringInfoData text; // what comes next is appended here

    static Digest start();

    // Takes what has been appended, once that is worth it.
    void take();

    // In hexadecimal.
    const char *finish();

private:
    void take_all();
};

} // namespace dj_deploy
