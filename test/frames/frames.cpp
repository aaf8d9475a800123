// Proves the rule of trivial frames: an ereport that jumps over templates, lambdas, arrays, catalog scans and
// SPI leaves nothing behind. script/test-frames calls this 10,000 times under valgrind.
#include "pg/query.hpp"
#include "pg/scan.hpp"
#include "run/attempt.hpp"

namespace dj_deploy {

namespace {

// Each level holds an array and a lambda on its frame and goes deeper through another kind of bracket.
template <int depth>
void descend(std::int32_t number)
{
    Array<std::int32_t> numbers;
    numbers.resize(100, number);
    const auto deeper = [&] {
        if constexpr (depth == 0)
            ereport(ERROR, errcode(ERRCODE_RAISE_EXCEPTION),
                    errmsg("raised from the deepest frame: %d", numbers[99]));
        else
            descend<depth - 1>(numbers[99]);
    };
    if constexpr (depth % 3 == 0)
        with_catalog(NamespaceRelationId, NamespaceOidIndexId, [&](const Catalog &schemas) {
            schemas.scan({{Anum_pg_namespace_oid, PG_CATALOG_NAMESPACE}}, [&](::HeapTuple) { deeper(); });
        });
    else if constexpr (depth % 3 == 1)
        query(
            "SELECT $1 ORDER BY 1", [&](const Row &) { deeper(); }, number);
    else
        with_settings({{"lock_timeout", "1234"}}, deeper);
}

} // namespace

} // namespace dj_deploy

extern "C" {

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(frames_raise);
PGDLLEXPORT ::Datum frames_raise(PG_FUNCTION_ARGS)
{
    dj_deploy::descend<8>(PG_GETARG_INT32(0));
    PG_RETURN_VOID();
}

static bool is_raised(const ::ErrorData &error)
{
    return error.sqlerrcode == ERRCODE_RAISE_EXCEPTION;
}

static bool is_timeout(const ::ErrorData &error)
{
    return error.sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

// Returns true when the error was caught as expected; one with another SQLSTATE goes through.
PG_FUNCTION_INFO_V1(frames_attempt);
PGDLLEXPORT ::Datum frames_attempt(PG_FUNCTION_ARGS)
{
    const auto is_expected = PG_GETARG_BOOL(1) ? is_raised : is_timeout;
    const std::int32_t number = PG_GETARG_INT32(0);
    PG_RETURN_BOOL(!dj_deploy::attempt([&] { dj_deploy::descend<8>(number); }, is_expected));
}

} // extern "C"
