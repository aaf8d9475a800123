// Preview and run over the same changes. A run is one SPI connection, with a scratch memory context that is
// reset for each table; only the statements outlive it.
#include "run/execute.hpp"

#include "pg/query.hpp"
#include "run/lock.hpp"
#include "run/requirements.hpp"

namespace dj_deploy {

namespace {

constexpr int progress_interval = 5000; // ms

struct Name {
    const char *schema;
    const char *name; // null when the table is gone
};

Name read_name(::Oid table)
{
    const char *name = ::get_rel_name(table);
    const char *schema = name == nullptr ? nullptr : ::get_namespace_name(::get_rel_namespace(table));
    return {.schema = schema, .name = schema == nullptr ? nullptr : name};
}

// How much of others' changes and of our own this session has seen.
struct CatalogState {
    std::uint64_t messages;
    ::CommandId command;

    static CatalogState now() { return {::SharedInvalidMessageCounter, ::GetCurrentCommandId(false)}; }
};

// The statement names its table, the plan means an OID. The lock keeps the table's name from others, but
// nothing in PostgreSQL keeps its schema's, and an event trigger of this session may rename either: then the
// statement has found another table, and this undoes it. A rename by others comes with an invalidation
// message, one of our own with a command besides the statement; without either there is nothing to look up.
void require_still_named(const Change &change, const Name &name, CatalogState before)
{
    const CatalogState now = CatalogState::now();
    if (now.messages == before.messages && now.command <= before.command + 1)
        return;
    const ::Oid schema = ::get_namespace_oid(name.schema, true);
    if (::get_relname_relid(name.name, schema) != change.table.oid)
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg("table \"%s.%s\" was renamed while it was being changed", name.schema, name.name));
}

void run_statement(const char *statement)
{
    const int outcome = ::SPI_execute(statement, false, 0);
    if (outcome != SPI_OK_UTILITY)
        elog(ERROR, "unexpected result of \"%s\": %s", statement, ::SPI_result_code_string(outcome));
}

// Returns the statement that was run, or null for a table that is gone.
const char *execute_change(const Change &change)
{
    require_owner(change.table.oid);
    lock_table(change.table, change.lock);
    const CatalogState before = CatalogState::now();
    const Name name = read_name(change.table.oid);
    if (name.name == nullptr) {
        ereport(NOTICE,
                errmsg("table \"%s.%s\" does not exist, skipping", change.table.schema, change.table.name));
        return nullptr;
    }
    require_owner(change.table.oid);
    const char *statement = statement_text(change, name.schema, name.name);
    run_statement(statement);
    require_still_named(change, name, before);
    return statement;
}

void report_progress(std::size_t done, std::size_t total, ::TimestampTz &last)
{
    const ::TimestampTz now = ::GetCurrentTimestamp();
    if (!::TimestampDifferenceExceeds(last, now, progress_interval))
        return;
    ereport(NOTICE, errmsg("%zu of %zu tables done", done, total));
    last = now;
}

} // namespace

Outcome preview(std::span<const Change> changes)
{
    check_requirements(changes, WARNING);
    Outcome outcome{.statements = {}, .modified = 0};
    for (const Change &change : changes)
        outcome.statements.push(statement_text(change, change.table.schema, change.table.name));
    return outcome;
}

Outcome execute(std::span<const Change> changes)
{
    check_requirements(changes, ERROR);
    Outcome outcome{.statements = {}, .modified = 0};
    const ::MemoryContext result = ::CurrentMemoryContext;
    ::TimestampTz last_progress = ::GetCurrentTimestamp();

    with_spi([&] {
        const ::MemoryContext scratch =
            AllocSetContextCreate(::CurrentMemoryContext, "dj_deploy change", ALLOCSET_DEFAULT_SIZES);
        ::MemoryContextSwitchTo(scratch);
        for (std::size_t index = 0; index < changes.size(); index++) {
            CHECK_FOR_INTERRUPTS();
            report_progress(index, changes.size(), last_progress);
            if (const char *statement = execute_change(changes[index])) {
                outcome.statements.push(::MemoryContextStrdup(result, statement));
                outcome.modified++;
            }
            ::MemoryContextReset(scratch);
        }
    });
    return outcome;
}

} // namespace dj_deploy
