// The server's own implementation, or that of the OpenSSL it was built with.
#include "pg/digest.hpp"

namespace dj_deploy {

namespace {

constexpr int worth_taking = 8192; // bytes

void require_success(const ::pg_cryptohash_ctx *hash, int result)
{
    if (result < 0)
        elog(ERROR, "could not compute SHA-256: %s",
             ::pg_cryptohash_error(const_cast<::pg_cryptohash_ctx *>(hash)));
}

} // namespace

Digest Digest::start()
{
    Digest digest{.hash = ::pg_cryptohash_create(::PG_SHA256), .text = {}};
    require_success(digest.hash, ::pg_cryptohash_init(digest.hash));
    ::initStringInfo(&digest.text);
    return digest;
}

void Digest::take_all()
{
    require_success(hash, ::pg_cryptohash_update(hash, reinterpret_cast<const ::uint8 *>(text.data),
                                                 static_cast<std::size_t>(text.len)));
    ::resetStringInfo(&text);
}

void Digest::take()
{
    if (text.len >= worth_taking)
        take_all();
}

const char *Digest::finish()
{
    take_all();
    std::array<::uint8, PG_SHA256_DIGEST_LENGTH> bytes{};
    require_success(hash, ::pg_cryptohash_final(hash, bytes.data(), bytes.size()));
    ::pg_cryptohash_free(hash);
    auto *hexadecimal = static_cast<char *>(::palloc0(2 * bytes.size() + 1));
    ::hex_encode(reinterpret_cast<const char *>(bytes.data()), bytes.size(), hexadecimal);
    return hexadecimal;
}

} // namespace dj_deploy
