// A REINDEX CONCURRENTLY waits for every older snapshot in the database, also for that of a run that waits
// for its turn: a deadlock, of which the run must be the victim, because what the REINDEX has done would
// stay behind as an invalid index. The worker holds the turn itself, so that the server sees the cycle; it
// looks for one late (see worker/main.cpp), and the run looks again and again.
#include "run/turns.hpp"

#include "run/activity.hpp"
#include "run/attempt.hpp"
#include "run/lock.hpp"

namespace dj_deploy {

namespace {

// The server locks objects with sub-object number 0; other ones keep nobody waiting but runs.
constexpr int turn_of_runs = 1;
constexpr int turn_of_maintenance = 2;
constexpr int door_of_maintenance = 3; // through which workers get to their turn

// Workers share it, one run excludes them.
constexpr ::LOCKMODE workers_mode = RowShareLock;
constexpr ::LOCKMODE runs_mode = ExclusiveLock;

::LOCKTAG lock_tag(const NamedObject &object, int sub_object)
{
    ::LOCKTAG tag;
    SET_LOCKTAG_OBJECT(tag, MyDatabaseId, object.catalog, object.oid, sub_object);
    return tag;
}

bool lock_if_free(const ::LOCKTAG &tag, ::LOCKMODE mode, bool is_of_session)
{
    return ::LockAcquire(&tag, mode, is_of_session, true) != ::LOCKACQUIRE_NOT_AVAIL;
}

// Raises 55P03 when the lock is not to be had within lock_timeout.
void wait_for_lock(const char *kind, const NamedObject &object, int sub_object, ::LOCKMODE mode,
                   bool is_of_session)
{
    const ::LOCKTAG tag = lock_tag(object, sub_object);
    if (lock_if_free(tag, mode, is_of_session))
        return;
    show_waiting(kind, object.name);
    if (!attempt([&] { ::LockAcquire(&tag, mode, is_of_session, false); }, is_lock_timeout))
        raise_lock_timeout(kind, object.name, find_blockers(object.catalog, object.oid, sub_object, mode));
    show_waited();
}

// Takes the turn of runs, or raises 55P03. Its holder may wait for maintenance that waits for this
// transaction; then this run gives way, because it has done nothing yet.
void take_turn(const char *kind, const NamedObject &object)
{
    const auto wait = [&] { wait_for_lock(kind, object, turn_of_runs, runs_mode, false); };
    const ::LOCKTAG tag = lock_tag(object, turn_of_runs);
    if (lock_if_free(tag, runs_mode, false) || attempt(wait, is_deadlock))
        return;
    const char *blockers = describe_blockers(object.catalog, object.oid, turn_of_runs, runs_mode);
    ereport(ERROR, errcode(ERRCODE_LOCK_NOT_AVAILABLE),
            errmsg("could not obtain lock on %s \"%s\": the run that has its turn waits for this transaction",
                   kind, object.name),
            blockers != nullptr ? errdetail_internal("%s", blockers) : 0,
            errhint("Retry once that run is done."));
}

// The turn of a publication goes by its name, for runs that create it.
void take_publication(const NamedObject &publication)
{
    NamedObject turn = publication;
    turn.oid = DatumGetUInt32(::hash_any(reinterpret_cast<const unsigned char *>(publication.name),
                                         static_cast<int>(::strlen(publication.name))));
    take_turn("publication", turn);
    if (OidIsValid(publication.oid))
        wait_for_lock("publication", publication, 0, AccessExclusiveLock, false);
}

[[noreturn]] void raise_needed_by_maintenance(const NamedObject &schema)
{
    const char *blockers = describe_blockers(schema.catalog, schema.oid, turn_of_maintenance, runs_mode);
    ereport(ERROR, errcode(ERRCODE_LOCK_NOT_AVAILABLE),
            errmsg("could not obtain lock on schema \"%s\": its maintenance waits for this transaction",
                   schema.name),
            blockers != nullptr ? errdetail_internal("%s", blockers) : 0,
            errhint("Retry once reindex or vacuum_analyze has finished its current table."));
    ::pg_unreachable();
}

enum class Wait { done, over, deadlock };

// Looks for a deadlock at least so often, whatever deadlock_timeout is.
constexpr int longest_unseen_deadlock = 1000; // ms

// Waits for a part of the time; the server looks for a deadlock once in each of them.
Wait wait_for_part(const ::LOCKTAG &tag, long left)
{
    Wait result = Wait::done;
    const auto is_expected = [&](const ::ErrorData &error) {
        result = is_deadlock(error) ? Wait::deadlock : Wait::over;
        return is_deadlock(error) || is_lock_timeout(error);
    };
    const int unseen = std::min(::DeadlockTimeout, longest_unseen_deadlock);
    with_settings({{"lock_timeout", ::psprintf("%ld", std::min(left, 2L * unseen))},
                   {"deadlock_timeout", ::psprintf("%d", unseen)}},
                  [&] { attempt([&] { ::LockAcquire(&tag, runs_mode, false, false); }, is_expected); });
    return result;
}

// Waits part by part. Between two parts the run is not in the queue, and workers behind it would get in, so
// the door is closed until the lock is there.
void exclude_maintenance(const NamedObject &schema)
{
    const ::LOCKTAG tag = lock_tag(schema, turn_of_maintenance);
    if (lock_if_free(tag, runs_mode, false))
        return;
    const ::LOCKTAG door = lock_tag(schema, door_of_maintenance);
    wait_for_lock("schema", schema, door_of_maintenance, runs_mode, false);
    show_waiting("schema", schema.name);
    const ::TimestampTz start = ::GetCurrentTimestamp();
    for (Wait result = Wait::over; result == Wait::over;) {
        const long waited = ::TimestampDifferenceMilliseconds(start, ::GetCurrentTimestamp());
        const long left = ::LockTimeout > 0 ? ::LockTimeout - waited : INT_MAX;
        if (left <= 0)
            raise_lock_timeout("schema", schema.name,
                               find_blockers(schema.catalog, schema.oid, turn_of_maintenance, runs_mode));
        result = wait_for_part(tag, left);
        if (result == Wait::deadlock)
            raise_needed_by_maintenance(schema);
    }
    ::LockRelease(&door, runs_mode, false);
    show_waited();
}

} // namespace

void take_turns(const Plan &plan)
{
    for (const NamedObject &object : plan.names)
        if (object.catalog == PublicationRelationId)
            take_publication(object);
    for (const NamedObject &schema : plan.schemas) {
        take_turn("schema", schema);
        exclude_maintenance(schema);
    }
}

// The run that has closed the door waits for workers and opens it when it is done with that, so waiting at
// the door has no limit.
void join_maintenance(const NamedObject &schema)
{
    const ::LOCKTAG door = lock_tag(schema, door_of_maintenance);
    with_settings({{"lock_timeout", "0"}}, [&] { ::LockAcquire(&door, workers_mode, false, false); });
    wait_for_lock("schema", schema, turn_of_maintenance, workers_mode, true);
    ::LockRelease(&door, workers_mode, false);
}

} // namespace dj_deploy
