// "fillfactor": 70, or null for what tables have by themselves: how full their pages are filled.
#include "catalog/class_values.hpp"
#include "environment/description.hpp"
#include "environment/draft.hpp"
#include "plan/statement_shapes.hpp"

namespace dj_deploy {

namespace {

bool is_fillfactor(const ::DefElem &parameter)
{
    return parameter.defnamespace == nullptr && std::string_view(parameter.defname) == "fillfactor";
}

bool read_statement(const ::Node *parsed, StatementNames &names)
{
    return read_parameters(parsed, is_fillfactor, names);
}

constexpr StatementKind statement = {
    .lock = ShareUpdateExclusiveLock, .needs_owner = true, .locks_toast = true, .read = read_statement};
constexpr std::array statements = {&statement};

struct Fillfactor {
    static constexpr const char *name = "fillfactor";
    static constexpr std::array levels = {Level::schema, Level::table};
    static constexpr int turn = 45;
    static constexpr bool counts_for_hidden = true;

    int percent; // 0 where it is not set

    static Fillfactor read(const Path &path, const JsonValue &json, Level)
    {
        if (json.is_null())
            return unsaid();
        const int percent = json.is_number() ? ::atoi(json.text()) : 0;
        if (percent < HEAP_MIN_FILLFACTOR || percent > HEAP_DEFAULT_FILLFACTOR || !json.is_equal(percent))
            refuse(path, "must be from 10 to 100, or null");
        return {.percent = percent};
    }
    ::JsonbValue write() const { return percent != 0 ? make_number(percent) : make_string_or_null(nullptr); }

    static void plan(Draft &draft);
    static void describe(Description &description) { description.describe_values<Fillfactor>(of); }

    static Fillfactor unsaid() { return {.percent = 0}; }
    bool is_for_schema() const { return true; }
    bool operator==(const Fillfactor &) const = default;

    // None of a partitioned table, which has no pages.
    static std::optional<Fillfactor> of(const Table &table)
    {
        if (table.is_partitioned())
            return std::nullopt;
        const char *option = find_option(table.options, name);
        return Fillfactor{.percent = option != nullptr ? ::atoi(::strchr(option, '=') + 1) : 0};
    }

    // SET (fillfactor = 70), or RESET (fillfactor)
    const char *action() const
    {
        return percent != 0 ? ::psprintf(" SET (fillfactor = %d)", percent) : " RESET (fillfactor)";
    }
    const char *shown() const { return percent != 0 ? ::psprintf("%d", percent) : nullptr; }
};

void Fillfactor::plan(Draft &draft)
{
    draft.for_each_value<Fillfactor>([&](const Fillfactor &said, std::span<const Table> tables) {
        Plan plan = draft.new_plan();
        for (const Table &table : tables) {
            const std::optional<Fillfactor> current = of(table);
            if (!current || *current == said)
                continue;
            Effect effect{.property = name, .old_value = current->shown(), .new_value = said.shown()};
            effect.add_undo({.before = "ALTER TABLE ", .after = current->action()});
            plan.changes.push({.table = &table,
                               .before = "ALTER TABLE ",
                               .after = said.action(),
                               .kind = &statement,
                               .effect = keep_value(effect)});
        }
        draft.add(plan);
    });
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::Fillfactor);
DJ_DEPLOY_DECLARE(fillfactor, .statements = dj_deploy::statements);
