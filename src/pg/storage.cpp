// Paths are relative to the data directory, which is where a server process lives.
#include "pg/storage.hpp"

namespace dj_deploy {

namespace {

constexpr std::int64_t segment_bytes = static_cast<std::int64_t>(RELSEG_SIZE) * BLCKSZ;

// -1 when there is no such file.
std::int64_t file_bytes(const char *path)
{
    struct ::stat status;
    if (::stat(path, &status) == 0)
        return status.st_size;
    if (errno != ENOENT)
        ereport(ERROR, errcode_for_file_access(), errmsg("could not stat file \"%s\": %m", path));
    return -1;
}

// Segments are path, path.1, path.2 ...; each is full but the last. What a truncation leaves after it is
// empty.
std::int64_t fork_bytes(const char *path)
{
    std::int64_t total = file_bytes(path);
    if (total < segment_bytes)
        return std::max<std::int64_t>(total, 0);
    for (int segment = 1;; segment++) {
        char *segment_path = ::psprintf("%s.%d", path, segment);
        const std::int64_t bytes = file_bytes(segment_path);
        ::pfree(segment_path);
        total += std::max<std::int64_t>(bytes, 0);
        if (bytes < segment_bytes)
            return total;
    }
}

} // namespace

std::int64_t main_fork_bytes(const char *path)
{
    return fork_bytes(path);
}

std::int64_t storage_bytes(const char *path, const Forks &forks)
{
    const auto can_be = [&](int fork) {
        return (fork != VISIBILITYMAP_FORKNUM || forks.has_visibility_map) &&
               (fork != INIT_FORKNUM || forks.has_init);
    };
    std::int64_t total = fork_bytes(path);
    for (int fork = MAIN_FORKNUM + 1; fork <= MAX_FORKNUM; fork++) {
        if (!can_be(fork))
            continue;
        char *fork_path = ::psprintf("%s_%s", path, forkNames[fork]);
        total += fork_bytes(fork_path);
        ::pfree(fork_path);
    }
    return total;
}

} // namespace dj_deploy
