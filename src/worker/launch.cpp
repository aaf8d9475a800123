// A worker needs no shared_preload_libraries: it loads the library that this session has loaded.
#include "worker/launch.hpp"

namespace dj_deploy {

namespace {

// A worker loads it before it sees settings of the database, the role and the session, so that by its name
// alone it is only found where the server's own dynamic_library_path, or none at all, names the directory.
template <std::size_t Size>
void write_library(char (&library)[Size])
{
    ::Dl_info loaded{};
    const bool is_known =
        ::dladdr(reinterpret_cast<const void *>(&launch), &loaded) != 0 && is_absolute_path(loaded.dli_fname);
    const bool has_room = is_known && std::string_view(loaded.dli_fname).size() < Size;
    ::strlcpy(library, has_room ? loaded.dli_fname : "datajoint_deploy", Size);
}

void terminate_with_leader(::dsm_segment *, ::Datum handle)
{
    ::TerminateBackgroundWorker(reinterpret_cast<::BackgroundWorkerHandle *>(DatumGetPointer(handle)));
}

::BackgroundWorker describe_worker(::dsm_handle handle)
{
    ::BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = ::BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART;
    worker.bgw_main_arg = UInt32GetDatum(handle);
    worker.bgw_notify_pid = MyProcPid;
    write_library(worker.bgw_library_name);
    ::snprintf(worker.bgw_function_name, sizeof(worker.bgw_function_name), "dj_deploy_worker_main");
    ::snprintf(worker.bgw_type, sizeof(worker.bgw_type), "datajoint_deploy worker");
    ::snprintf(worker.bgw_name, sizeof(worker.bgw_name), "datajoint_deploy worker for PID %d", MyProcPid);
    return worker;
}

} // namespace

bool launch(Process &process)
{
    // An abort gives back the segment while this context is still there.
    const ::MemoryContext caller = ::MemoryContextSwitchTo(::TopTransactionContext);
    process.channel = Channel::create();
    ::BackgroundWorker worker = describe_worker(::dsm_segment_handle(process.channel.segment));
    const bool is_launched = ::RegisterDynamicBackgroundWorker(&worker, &process.handle);
    if (is_launched) {
        ::on_dsm_detach(process.channel.segment, terminate_with_leader, PointerGetDatum(process.handle));
        // A worker that never comes is found out through its handle.
        ::shm_mq_set_handle(process.channel.outgoing, process.handle);
        ::shm_mq_set_handle(process.channel.incoming, process.handle);
    } else {
        ::dsm_detach(process.channel.segment);
    }
    ::MemoryContextSwitchTo(caller);
    return is_launched;
}

std::int32_t pid_of(const Process &process)
{
    ::pid_t pid = 0;
    return ::GetBackgroundWorkerPid(process.handle, &pid) == ::BGWH_STARTED ? pid : 0;
}

void add_blockers(Array<std::int32_t> &list, const Process &process)
{
    const std::int32_t pid = pid_of(process);
    if (pid == 0)
        return;
    const ::Datum blockers = DirectFunctionCall1(::pg_blocking_pids, Int32GetDatum(pid));
    ::ArrayType *array = DatumGetArrayTypeP(blockers);
    const auto *pids = reinterpret_cast<const std::int32_t *>(ARR_DATA_PTR(array));
    for (int index = 0; index < ::ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)); index++)
        if (std::find(list.begin(), list.end(), pids[index]) == list.end())
            list.push(pids[index]);
    ::pfree(array);
}

void cancel(const Process &process)
{
    if (const std::int32_t pid = pid_of(process); pid != 0)
        ::kill(pid, SIGINT);
}

void terminate(const Process &process)
{
    ::TerminateBackgroundWorker(process.handle);
}

void dismiss(const Process &process)
{
    ::cancel_on_dsm_detach(process.channel.segment, terminate_with_leader, PointerGetDatum(process.handle));
    ::dsm_detach(process.channel.segment);
    ::WaitForBackgroundWorkerShutdown(process.handle);
}

} // namespace dj_deploy
