// The lock on the table is free, and its row of pg_class. What a statement may still wait for is a catalog
// row that another transaction changes at the same moment, or whatever a trigger waits for, also a deferred
// one, and meanwhile it must not keep anyone from the table.
#include "run/rollout_transaction.hpp"

#include "cluster/node_settings.hpp"
#include "pg/query.hpp"
#include "run/rollout_locks.hpp"

namespace dj_deploy {

namespace {

constexpr const char *longest_wait = "10ms";

// False when the call was cancelled: then the error ends it.
bool judge(const Statement &statement, const ::ErrorData &error, Failures &failures,
           const Durability &durability, Result &result)
{
    if (durability.was_cancelled)
        return false;
    const bool is_in_the_way = error.sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE || is_about_lost_row(error);
    result = is_in_the_way ? Result::busy : Result::failed;
    if (result == Result::failed)
        failures.add(statement.text, error);
    return true;
}

} // namespace

Result execute_if_free(const Statement &statement, ::Oid table, Failures &failures, Durability &durability)
{
    Result result = Result::done;
    durability.was_cancelled = false;
    const auto run = [&] {
        if (OidIsValid(table) && !lock_if_free(statement, table)) {
            result = Result::busy;
            return;
        }
        with_lock_timeout(longest_wait, [&] { with_spi([&] { ::SPI_execute(statement.text, false, 0); }); });
    };
    attempt(run,
            [&](const ::ErrorData &error) { return judge(statement, error, failures, durability, result); });
    return result;
}

Result commit_statement(const Statement &statement, Result result, Failures &failures, Durability &durability)
{
    if (result != Result::done) {
        ::SPI_rollback();
        return result;
    }
    set_for_transaction("lock_timeout", longest_wait);
    durability.commit(
        [&](const ::ErrorData &error) { return judge(statement, error, failures, durability, result); });
    return result;
}

} // namespace dj_deploy
