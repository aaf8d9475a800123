// The server extends files before it fills them, so that their size counts pages that are still in memory
// only.
#include "pg/file_size.hpp"

namespace dj_deploy {

namespace {

// 0 when there is no such file.
std::int64_t file_bytes(const char *path)
{
    struct ::stat status;
    return ::stat(path, &status) == 0 ? static_cast<std::int64_t>(status.st_size) : 0;
}

} // namespace

std::int64_t main_fork_bytes(const char *path)
{
    constexpr std::int64_t segment_bytes = static_cast<std::int64_t>(RELSEG_SIZE) * BLCKSZ;
    if (path == nullptr)
        return 0;
    std::int64_t bytes = file_bytes(path);
    for (int segment = 1; bytes == segment * segment_bytes; segment++)
        bytes += file_bytes(::psprintf("%s.%d", path, segment));
    return bytes;
}

} // namespace dj_deploy
