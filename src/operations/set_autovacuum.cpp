// set_autovacuum: ALTER TABLE "lab"."session" SET (autovacuum_vacuum_scale_factor = 0.02), RESET
// (vacuum_truncate) for every table of the target whose storage parameters are not as asked.
#include "operation.hpp"

#include "catalog/class_values.hpp"
#include "plan/quote.hpp"
#include "request/storage_parameters.hpp"

namespace dj_deploy {

namespace {

using Mask = std::uint64_t; // a bit for each parameter, in their order

struct Difference {
    Mask to_set;
    Mask to_reset;

    bool is_none() const { return to_set == 0 && to_reset == 0; }
    bool operator==(const Difference &) const = default;
};

// pg_class.reloptions of a table and of its TOAST table.
struct Options {
    ::Datum own;
    ::Datum of_toast;
    bool has_toast;

    bool operator==(const Options &) const = default;
};

struct SetAutovacuum {
    static constexpr const char *command = "ALTER TABLE";
    // Hidden tables need vacuum like any other.
    static constexpr Scope scope = {.has_hidden = true, .column = Anum_pg_class_reloptions};

    Array<StorageParameter> parameters;

    static SetAutovacuum request(const Arguments &arguments)
    {
        const SetAutovacuum operation{.parameters = request_storage_parameters(arguments)};
        if (operation.parameters.count > std::numeric_limits<Mask>::digits)
            elog(ERROR, "too many storage parameters: %zu", operation.parameters.count);
        return operation;
    }

    void plan(Target target, std::span<const Table> tables, Plan &plan) const;

    bool has_toast_parameters() const;
    Difference compare(const Options &options) const;
    const char *text(const Difference &difference) const;
    ::LOCKMODE lock() const;
};

bool SetAutovacuum::has_toast_parameters() const
{
    return std::any_of(parameters.begin(), parameters.end(),
                       [](const StorageParameter &parameter) { return parameter.is_toast; });
}

// What the server takes for the strictest of the parameters; so far all take SHARE UPDATE EXCLUSIVE.
::LOCKMODE SetAutovacuum::lock() const
{
    ::List *options = NIL;
    for (const StorageParameter &parameter : parameters)
        options = ::lappend(options, ::makeDefElem(::pstrdup(parameter.option), nullptr, -1));
    return ::AlterTableGetRelOptionsLockLevel(options);
}

// The element "name=value" of a reloptions array; null when there is none.
const char *find_option(::Datum options, std::string_view name)
{
    if (options == 0)
        return nullptr;
    ::Datum *elements = nullptr;
    int count = 0;
    ::deconstruct_array(DatumGetArrayTypeP(options), TEXTOID, -1, false, TYPALIGN_INT, &elements, nullptr,
                        &count);
    for (int index = 0; index < count; index++) {
        const char *element = TextDatumGetCString(elements[index]);
        if (std::string_view(element).starts_with(name) && element[name.size()] == '=')
            return element;
    }
    return nullptr;
}

// What the parser leaves behind is gone at the end: tables are many.
Difference SetAutovacuum::compare(const Options &options) const
{
    const ::MemoryContext caller = ::CurrentMemoryContext;
    const ::MemoryContext scratch =
        AllocSetContextCreate(caller, "dj_deploy storage parameters", ALLOCSET_SMALL_SIZES);
    ::MemoryContextSwitchTo(scratch);
    Difference difference{};
    for (std::size_t index = 0; index < parameters.count; index++) {
        const StorageParameter &parameter = parameters[index];
        if (parameter.is_toast && !options.has_toast)
            continue;
        const Mask bit = Mask{1} << index;
        const char *current =
            find_option(parameter.is_toast ? options.of_toast : options.own, parameter.option);
        if (parameter.value == nullptr)
            difference.to_reset |= current != nullptr ? bit : 0;
        else if (current == nullptr || !has_same_meaning(parameter, current))
            difference.to_set |= bit;
    }
    ::MemoryContextSwitchTo(caller);
    ::MemoryContextDelete(scratch);
    return difference;
}

// The server's parser has accepted the value, so there is no backslash in it.
void append_value(::StringInfo text, const StorageParameter &parameter)
{
    if (parameter.value == nullptr)
        return;
    ::appendStringInfoString(text, " = ");
    if (parameter.is_string)
        append_literal(text, parameter.value);
    else
        ::appendStringInfoString(text, parameter.value);
}

// SET (autovacuum_enabled = false, toast.vacuum_truncate = true), RESET (autovacuum_analyze_threshold)
const char *SetAutovacuum::text(const Difference &difference) const
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    const auto append_list = [&](const char *action, Mask mask) {
        const char *separator = action;
        for (std::size_t index = 0; index < parameters.count; index++) {
            if ((mask >> index & 1) == 0)
                continue;
            ::appendStringInfo(&text, "%s%s", separator, parameters[index].name);
            append_value(&text, parameters[index]);
            separator = ", ";
        }
        if (mask != 0)
            appendStringInfoChar(&text, ')');
    };
    append_list(" SET (", difference.to_set);
    append_list(difference.to_set != 0 ? ", RESET (" : " RESET (", difference.to_reset);
    return exact_copy(text);
}

// Tables that are alike share what was found out about the first of them.
void SetAutovacuum::plan(Target, std::span<const Table> tables, Plan &plan) const
{
    Array<::Oid> toasts;
    for (const Table &table : tables)
        if (OidIsValid(table.toast) && has_toast_parameters())
            toasts.push(table.toast);
    std::sort(toasts.begin(), toasts.end());
    const Array<ClassValue> toast_values = read_class_values(Anum_pg_class_reloptions, toasts.view());

    Options last_options{.own = 0, .of_toast = 0, .has_toast = false};
    Difference last_difference = compare(last_options);
    Difference last_written{};
    const char *written = nullptr;
    const ::LOCKMODE lock = this->lock();
    plan.analyzed = 0;
    for (const Table &table : tables) {
        if (table.is_partitioned())
            continue;
        plan.analyzed++;
        const Options options{.own = table.value,
                              .of_toast = find_class_value(toast_values.view(), table.toast),
                              .has_toast = OidIsValid(table.toast)};
        if (std::exchange(last_options, options) != options)
            last_difference = compare(options);
        if (last_difference.is_none())
            continue;
        if (written == nullptr || std::exchange(last_written, last_difference) != last_difference)
            written = text(last_difference);
        plan.changes.push({.table = &table,
                           .before = "ALTER TABLE ",
                           .after = written,
                           .lock = lock,
                           .locks_toast = options.has_toast});
    }
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_OPERATION(set_autovacuum, dj_deploy::SetAutovacuum);
