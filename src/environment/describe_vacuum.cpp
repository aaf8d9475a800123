// A parameter that more than half of a schema's tables have alike is said of the schema; where a table
// differs, what it has, or null, is said of the table.
#include "catalog/class_values.hpp"
#include "environment/description.hpp"

namespace dj_deploy {

namespace {

// A table that can have such parameters, and those that it has, by name.
struct TunedTable {
    const Table *table;
    Array<StorageParameter> parameters;
};

void add_options(::Datum options, bool is_toast, Array<StorageParameter> &parameters)
{
    if (options == 0)
        return;
    ::Datum *elements = nullptr;
    int count = 0;
    ::deconstruct_array(DatumGetArrayTypeP(options), TEXTOID, -1, false, TYPALIGN_INT, &elements, nullptr,
                        &count);
    for (int index = 0; index < count; index++) {
        StorageParameter parameter{};
        if (read_option(TextDatumGetCString(elements[index]), is_toast, parameter))
            parameters.push(parameter);
    }
}

Array<TunedTable> read_tuned(std::span<const Table> tables)
{
    Array<::Oid> toasts;
    for (const Table &table : tables)
        if (OidIsValid(table.toast))
            toasts.push(table.toast);
    std::sort(toasts.begin(), toasts.end());
    const Array<ClassValue> of_toasts = read_class_values(Anum_pg_class_reloptions, toasts.view());
    Array<TunedTable> tuned;
    for (const Table &table : tables) {
        if (table.is_partitioned() || table.is_member)
            continue;
        TunedTable one{.table = &table, .parameters = {}};
        add_options(table.value, false, one.parameters);
        add_options(find_class_value(of_toasts.view(), table.toast), true, one.parameters);
        std::sort(one.parameters.begin(), one.parameters.end(),
                  [](const StorageParameter &left, const StorageParameter &right) {
                      return ::strcmp(left.name, right.name) < 0;
                  });
        tuned.push(one);
    }
    return tuned;
}

const StorageParameter *find(std::span<const StorageParameter> parameters, std::string_view name)
{
    for (const StorageParameter &parameter : parameters)
        if (parameter.name == name)
            return &parameter;
    return nullptr;
}

bool are_same(const StorageParameter &left, const StorageParameter &right)
{
    return left.value != nullptr && right.value != nullptr && VARSIZE(left.parsed) == VARSIZE(right.parsed) &&
           ::memcmp(left.parsed, right.parsed, VARSIZE(left.parsed)) == 0;
}

// What more than half of the tables have: if there is such a value, it is left when each other one has taken
// one like it and one unlike it away (Boyer and Moore), and then it counts.
const StorageParameter *common_value(const char *name, std::span<const TunedTable> tables)
{
    const auto value_of = [&](const TunedTable &table) { return find(table.parameters.view(), name); };
    const auto is_like = [](const StorageParameter *left, const StorageParameter *right) {
        return left != nullptr && right != nullptr ? are_same(*left, *right) : left == right;
    };
    const StorageParameter *candidate = nullptr;
    std::size_t votes = 0;
    for (const TunedTable &table : tables) {
        if (votes == 0)
            candidate = value_of(table);
        votes += is_like(value_of(table), candidate) ? 1 : -1;
    }
    const std::size_t count = std::count_if(tables.begin(), tables.end(), [&](const TunedTable &table) {
        return is_like(value_of(table), candidate);
    });
    return 2 * count > tables.size() ? candidate : nullptr;
}

Array<const char *> names_in(std::span<const TunedTable> tables)
{
    Array<const char *> names;
    for (const TunedTable &table : tables)
        for (const StorageParameter &parameter : table.parameters)
            if (std::none_of(names.begin(), names.end(),
                             [&](const char *name) { return std::string_view(name) == parameter.name; }))
                names.push(parameter.name);
    std::sort(names.begin(), names.end(),
              [](const char *left, const char *right) { return ::strcmp(left, right) < 0; });
    return names;
}

// What is said already, and does not hold for the table, is said again of the table itself.
void describe_table(Description &description, const TunedTable &tuned)
{
    const Array<StorageParameter> said =
        merged_parameters(description.resolved.settings_of(*tuned.table).view());
    Array<StorageParameter> own;
    for (const StorageParameter &parameter : said) {
        const bool does_not_count = parameter.is_toast && !OidIsValid(tuned.table->toast);
        if (parameter.value == nullptr || does_not_count || find(tuned.parameters.view(), parameter.name))
            continue;
        StorageParameter none = parameter;
        none.value = nullptr;
        own.push(none);
    }
    for (const StorageParameter &parameter : tuned.parameters) {
        const StorageParameter *expected = find(said.view(), parameter.name);
        if (expected == nullptr || !are_same(*expected, parameter))
            own.push(parameter);
    }
    std::sort(own.begin(), own.end(), [](const StorageParameter &left, const StorageParameter &right) {
        return ::strcmp(left.name, right.name) < 0;
    });
    if (!own.is_empty())
        description.entry_for(*tuned.table).settings.parameters = own;
}

} // namespace

void describe_vacuum(Description &description)
{
    Array<Array<TunedTable>> tuned;
    for (std::size_t schema = 0; schema < description.described; schema++) {
        tuned.push(read_tuned(description.tables_of(schema)));
        const std::span<const TunedTable> tables = tuned[schema].view();
        for (const char *name : names_in(tables))
            if (const StorageParameter *value = common_value(name, tables))
                description.schemas[schema]->settings.parameters.push(*value);
    }
    for (const Array<TunedTable> &tables : tuned)
        for (const TunedTable &table : tables)
            describe_table(description, table);
}

} // namespace dj_deploy
