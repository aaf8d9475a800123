// Values are compared by the server's own parser; tables that are alike share what was found out about the
// first.
#include "planners/autovacuum.hpp"

#include "catalog/class_values.hpp"
#include "pg/context.hpp"
#include "plan/quote.hpp"
#include "plan/statement_shapes.hpp"
#include "planners/memo.hpp"

namespace dj_deploy {

namespace {

bool is_ours(const ::DefElem &parameter)
{
    const bool is_toast =
        parameter.defnamespace != nullptr && std::string_view(parameter.defnamespace) == "toast";
    return (parameter.defnamespace == nullptr || is_toast) &&
           is_vacuum_parameter(parameter.defname, is_toast);
}

// ALTER TABLE "lab"."session" SET (autovacuum_enabled = false), RESET (toast.vacuum_truncate)
bool read_statement(const ::Node *parsed, StatementNames &names)
{
    return read_parameters(parsed, is_ours, names);
}

} // namespace

// What the server takes for each of the parameters.
constinit const StatementKind AutovacuumPlanner::statement = {.lock = ShareUpdateExclusiveLock,
                                                              .needs_owner = true,
                                                              .locks_toast = true,
                                                              .changes_row = true,
                                                              .read = read_statement};

bool AutovacuumPlanner::has_toast_parameters() const
{
    return std::any_of(parameters.begin(), parameters.end(),
                       [](const StorageParameter &parameter) { return parameter.is_toast; });
}

namespace {

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

} // namespace

// "name=value", or null when it is not set.
const char *AutovacuumPlanner::current(const Options &options, const StorageParameter &parameter) const
{
    return find_option(parameter.is_toast ? options.of_toast : options.own, parameter.option);
}

// What the parser leaves behind is gone at the end: tables are many.
AutovacuumPlanner::Difference AutovacuumPlanner::compare(const Options &options) const
{
    Difference difference{};
    repeat_in_scratch(parameters.count, [&](std::size_t index) {
        const StorageParameter &parameter = parameters[index];
        if (parameter.is_toast && !options.has_toast)
            return;
        const Mask bit = Mask{1} << index;
        const char *current = this->current(options, parameter);
        if (parameter.value == nullptr)
            difference.to_reset |= current != nullptr ? bit : 0;
        else if (current == nullptr || !has_same_meaning(parameter, current))
            difference.to_set |= bit;
    });
    return difference;
}

// SET (autovacuum_enabled = false, toast.vacuum_truncate = true), RESET (autovacuum_analyze_threshold)
const char *AutovacuumPlanner::action(const Difference &difference) const
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

// The old values as the table has them: their text is in quotes, whatever it is.
const Effect *AutovacuumPlanner::effect(const Options &options, const Difference &difference) const
{
    ::StringInfoData from, to, set, reset;
    for (::StringInfo text : {&from, &to, &set, &reset})
        ::initStringInfo(text);
    const auto comma = [](const ::StringInfoData &text) { return text.len > 0 ? ", " : ""; };
    for (std::size_t index = 0; index < parameters.count; index++) {
        if (((difference.to_set | difference.to_reset) >> index & 1) == 0)
            continue;
        const StorageParameter &parameter = parameters[index];
        const char *current = this->current(options, parameter);
        const char *value = current != nullptr ? ::strchr(current, '=') + 1 : nullptr;
        ::appendStringInfo(&from, "%s%s = %s", comma(from), parameter.name,
                           value != nullptr ? value : "null");
        ::appendStringInfo(&to, "%s%s = %s", comma(to), parameter.name,
                           parameter.value != nullptr ? parameter.value : "null");
        ::appendStringInfo(value != nullptr ? &set : &reset, "%s%s", comma(value != nullptr ? set : reset),
                           parameter.name);
        if (value != nullptr) {
            ::appendStringInfoString(&set, " = ");
            append_literal(&set, value);
        }
    }
    const char *undo = set.len == 0     ? ::psprintf(" RESET (%s)", reset.data)
                       : reset.len == 0 ? ::psprintf(" SET (%s)", set.data)
                                        : ::psprintf(" SET (%s), RESET (%s)", set.data, reset.data);
    Effect effect{.property = "autovacuum", .old_value = from.data, .new_value = to.data};
    effect.add_undo({.before = "ALTER TABLE ", .after = undo});
    return keep_value(effect);
}

// Shards have a TOAST table where the table has one.
AutovacuumPlanner::Options AutovacuumPlanner::options_of(const DifferingShards &shards, const Table &table)
{
    return {.own = shards.options, .of_toast = shards.toast_options, .has_toast = OidIsValid(table.toast)};
}

AutovacuumPlanner::Difference AutovacuumPlanner::add_shards(Difference difference, const Table &table,
                                                            const Plan &plan) const
{
    for (const DifferingShards &shards : plan.differing_shards(table)) {
        const Difference of_shards = compare(options_of(shards, table));
        difference.to_set |= of_shards.to_set;
        difference.to_reset |= of_shards.to_reset;
    }
    return difference;
}

const Effect *AutovacuumPlanner::effect_on_shards(const Table &table, const char *action,
                                                  const Plan &plan) const
{
    const auto differs = [&](const DifferingShards &shards) {
        return !compare(options_of(shards, table)).is_none();
    };
    const DifferingShards &shards = *plan.find_shards(table, differs);
    const Options options = options_of(shards, table);
    Effect *moved = keep_value(*effect(options, compare(options)));
    moved->move_to_shards(table, shards, {.before = "ALTER TABLE ", .after = action});
    return moved;
}

void AutovacuumPlanner::plan(const Target &, std::span<const Table> tables, Plan &plan) const
{
    Array<::Oid> toasts;
    for (const Table &table : tables)
        if (OidIsValid(table.toast) && has_toast_parameters())
            toasts.push(table.toast);
    std::sort(toasts.begin(), toasts.end());
    const Array<ClassValue> toast_values = read_class_values(Anum_pg_class_reloptions, toasts.view());

    Memo<Options, Difference> differences{};
    Memo<Difference, const char *> actions{};
    Memo<Options, const Effect *> effects{};
    plan.analyzed = 0;
    for (const Table &table : tables) {
        if (table.is_partitioned())
            continue;
        plan.analyzed++;
        const Options options{.own = table.options,
                              .of_toast = find_class_value(toast_values.view(), table.toast),
                              .has_toast = OidIsValid(table.toast)};
        const Difference difference = differences.of(options, [&] { return compare(options); });
        const Difference whole = add_shards(difference, table, plan);
        if (whole.is_none())
            continue;
        const auto make_effect = [&] { return effect(options, difference); };
        const char *after = actions.of(whole, [&] { return action(whole); });
        plan.changes.push({.table = &table,
                           .before = "ALTER TABLE ",
                           .after = after,
                           .kind = &statement,
                           .effect = !plan.has_effects      ? nullptr
                                     : difference.is_none() ? effect_on_shards(table, after, plan)
                                                            : effects.of(options, make_effect)});
    }
}

} // namespace dj_deploy
