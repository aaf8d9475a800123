// The segment, its two queues, and how a task looks in them.
#include "worker/channel.hpp"

#include "worker/bytes.hpp"

namespace dj_deploy {

namespace {

constexpr ::Size queue_size = 16384; // bytes; longer messages pass in pieces

struct Shared {
    ::Oid database;
    ::Oid user;
    alignas(MAXIMUM_ALIGNOF) char to_worker[queue_size];
    alignas(MAXIMUM_ALIGNOF) char to_leader[queue_size];
};

Shared *shared_part(::dsm_segment *segment)
{
    return static_cast<Shared *>(::dsm_segment_address(segment));
}

TaskFacts facts_of(const Change &change)
{
    TaskFacts facts{};
    facts.lock = change.kind->lock;
    facts.waits_for_transactions = change.kind->waits_for_transactions;
    if (change.index != nullptr)
        facts.index = change.index->oid;
    if (const Table *table = change.table) {
        facts.schema = table->schema_oid;
        facts.table = table->oid;
        facts.toast = table->toast;
    }
    return facts;
}

} // namespace

Channel Channel::create()
{
    ::dsm_segment *segment = ::dsm_create(sizeof(Shared), 0);
    Shared *shared = shared_part(segment);
    shared->database = MyDatabaseId;
    shared->user = ::GetAuthenticatedUserId();
    ::shm_mq *outgoing = ::shm_mq_create(shared->to_worker, queue_size);
    ::shm_mq *incoming = ::shm_mq_create(shared->to_leader, queue_size);
    ::shm_mq_set_sender(outgoing, MyProc);
    ::shm_mq_set_receiver(incoming, MyProc);
    return {.segment = segment,
            .outgoing = ::shm_mq_attach(outgoing, segment, nullptr),
            .incoming = ::shm_mq_attach(incoming, segment, nullptr)};
}

Channel Channel::attach(::dsm_handle handle)
{
    ::dsm_segment *segment = ::dsm_attach(handle);
    if (segment == nullptr)
        return {};
    Shared *shared = shared_part(segment);
    auto *outgoing = reinterpret_cast<::shm_mq *>(shared->to_leader);
    auto *incoming = reinterpret_cast<::shm_mq *>(shared->to_worker);
    ::shm_mq_set_sender(outgoing, MyProc);
    ::shm_mq_set_receiver(incoming, MyProc);
    return {.segment = segment,
            .outgoing = ::shm_mq_attach(outgoing, segment, nullptr),
            .incoming = ::shm_mq_attach(incoming, segment, nullptr)};
}

bool Channel::is_joined() const
{
    return ::shm_mq_get_sender(::shm_mq_get_queue(incoming)) != nullptr;
}

::Oid Channel::database() const
{
    return shared_part(segment)->database;
}

::Oid Channel::user() const
{
    return shared_part(segment)->user;
}

bool Channel::send(std::string_view bytes) const
{
    return ::shm_mq_send(outgoing, bytes.size(), bytes.data(), false, true) == ::SHM_MQ_SUCCESS;
}

Received Channel::receive(bool can_wait) const
{
    ::Size size = 0;
    void *data = nullptr;
    switch (::shm_mq_receive(incoming, &size, &data, !can_wait)) {
    case ::SHM_MQ_SUCCESS:
        return {.state = Received::State::message, .bytes = {static_cast<const char *>(data), size}};
    case ::SHM_MQ_WOULD_BLOCK:
        return {.state = Received::State::nothing_yet, .bytes = {}};
    default:
        return {.state = Received::State::detached, .bytes = {}};
    }
}

std::string_view pack(const Change &change)
{
    const Table *table = change.table;
    const TaskFacts facts = facts_of(change);
    ::StringInfoData bytes;
    ::initStringInfo(&bytes);
    ::appendBinaryStringInfo(&bytes, reinterpret_cast<const char *>(&facts), sizeof(facts));
    const RelationName named = planned_name(change);
    for (const char *string : {table == nullptr ? "" : table->schema, table == nullptr ? "" : table->name,
                               table == nullptr ? "" : named.schema, table == nullptr ? "" : named.name,
                               change.before, change.after})
        append_string(&bytes, string);
    return {bytes.data, static_cast<std::size_t>(bytes.len)};
}

Task unpack(std::string_view bytes)
{
    Task task{};
    ::memcpy(&task.facts, bytes.data(), sizeof(task.facts));
    bytes.remove_prefix(sizeof(task.facts));
    for (const char **string :
         {&task.schema, &task.name, &task.named.schema, &task.named.name, &task.before, &task.after})
        *string = take_string(bytes);
    return task;
}

} // namespace dj_deploy
