// set_fillfactor: how full the pages of every table of the target are filled.
#include "operation.hpp"
#include "plan/statement_shapes.hpp"

namespace dj_deploy {

namespace {

bool is_fillfactor(const ::DefElem &parameter)
{
    return parameter.defnamespace == nullptr && std::string_view(parameter.defname) == "fillfactor";
}

// ALTER TABLE "lab"."session" SET (fillfactor = 70)
bool read_statement(const ::Node *parsed, StatementNames &names)
{
    return read_parameters(parsed, is_fillfactor, names);
}

constexpr StatementKind statement = {
    .lock = ShareUpdateExclusiveLock, .needs_owner = true, .locks_toast = true, .read = read_statement};

struct SetFillfactor {
    static constexpr const char *command = "ALTER TABLE";
    static constexpr Scope scope = {.has_hidden = true, .has_options = true};
    static constexpr std::array statements = {&statement};

    int fillfactor;

    static SetFillfactor request(const Arguments &arguments)
    {
        const int fillfactor = arguments.integer("fillfactor");
        if (fillfactor < HEAP_MIN_FILLFACTOR || fillfactor > HEAP_DEFAULT_FILLFACTOR)
            ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("fillfactor must be from %d to %d", HEAP_MIN_FILLFACTOR, HEAP_DEFAULT_FILLFACTOR));
        return {.fillfactor = fillfactor};
    }

    static int current(const Table &table)
    {
        const auto *options =
            reinterpret_cast<const ::StdRdOptions *>(::heap_reloptions(RELKIND_RELATION, table.options, false));
        return options != nullptr ? options->fillfactor : HEAP_DEFAULT_FILLFACTOR;
    }

    void plan(const Target &, std::span<const Table> tables, Plan &plan) const
    {
        const char *action = ::psprintf(" SET (fillfactor = %d)", fillfactor);
        for (const Table &table : tables)
            if (!table.is_partitioned() && current(table) != fillfactor)
                plan.changes.push(
                    {.table = &table, .before = "ALTER TABLE ", .after = action, .kind = &statement});
    }
};

} // namespace

DJ_DEPLOY_OPERATION(set_fillfactor, run_operation, SetFillfactor);

} // namespace dj_deploy
