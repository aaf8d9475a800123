// "autovacuum": {"autovacuum_vacuum_scale_factor": 0.02, "vacuum_truncate": null}: storage parameters about
// vacuum, one by one. In a description a parameter that more than half of a schema's tables have alike is
// said of the schema; where a table differs, what it has, or null, is said of the table.
#include "planners/autovacuum.hpp"

#include "catalog/class_values.hpp"
#include "environment/description.hpp"
#include "environment/draft.hpp"

namespace dj_deploy {

namespace {

struct Autovacuum {
    static constexpr const char *name = "autovacuum";
    static constexpr std::array levels = {Level::schema, Level::table};
    static constexpr int turn = 40;
    static constexpr bool counts_for_hidden = true; // they need vacuum like any other

    Array<StorageParameter> parameters; // by name

    static Autovacuum read(const Path &path, const JsonValue &json, Level level);
    ::JsonbValue write() const;
    Autovacuum over(const Autovacuum &weaker) const;
    static void plan(Draft &draft);
    static void describe(Description &description);
};

bool is_by_name(const StorageParameter &left, const StorageParameter &right)
{
    return ::strcmp(left.name, right.name) < 0;
}

const StorageParameter *find(std::span<const StorageParameter> parameters, std::string_view name)
{
    for (const StorageParameter &parameter : parameters)
        if (parameter.name == name)
            return &parameter;
    return nullptr;
}

Autovacuum Autovacuum::read(const Path &path, const JsonValue &json, Level)
{
    require_object(path, json);
    return {.parameters = read_storage_parameters(json, path.text)};
}

// Numbers and truth values as such where the table has them in JSON's words.
::JsonbValue make_parameter(const StorageParameter &parameter)
{
    const char *value = parameter.value;
    if (value == nullptr)
        return make_string_or_null(nullptr);
    const std::string_view text = value;
    if (text == "true" || text == "false")
        return make_boolean(text == "true");
    const std::size_t sign = text.starts_with('-') ? 1 : 0;
    const std::size_t dots = std::count(text.begin(), text.end(), '.');
    // The server reads 050 as 40.
    const bool is_octal = text.size() > sign + 1 && text[sign] == '0' && text[sign + 1] != '.';
    const bool is_number = text.size() > sign && text.find_first_not_of("0123456789.", sign) == text.npos &&
                           dots <= 1 && text[sign] != '.' && text.back() != '.' && !is_octal;
    if (!is_number)
        return make_string(text);
    ::JsonbValue number{};
    number.type = ::jbvNumeric;
    number.val.numeric = DatumGetNumeric(DirectFunctionCall3(
        ::numeric_in, CStringGetDatum(value), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
    return number;
}

::JsonbValue Autovacuum::write() const
{
    JsonObject object{};
    for (const StorageParameter &parameter : parameters)
        object.add(parameter.name, make_parameter(parameter));
    return object.finish();
}

Autovacuum Autovacuum::over(const Autovacuum &weaker) const
{
    Autovacuum both{};
    append(both.parameters, parameters);
    for (const StorageParameter &parameter : weaker.parameters)
        if (find(parameters.view(), parameter.name) == nullptr)
            both.parameters.push(parameter);
    std::sort(both.parameters.begin(), both.parameters.end(), is_by_name);
    return both;
}

void Autovacuum::plan(Draft &draft)
{
    draft.for_each_value<Autovacuum>([&](const Autovacuum &said, std::span<const Table> tables) {
        if (said.parameters.is_empty())
            return;
        Plan plan = draft.new_plan();
        AutovacuumPlanner{.parameters = said.parameters}.plan({}, tables, plan);
        draft.add(plan);
    });
}

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
        add_options(table.options, false, one.parameters);
        add_options(find_class_value(of_toasts.view(), table.toast), true, one.parameters);
        std::sort(one.parameters.begin(), one.parameters.end(), is_by_name);
        tuned.push(one);
    }
    return tuned;
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
    const Autovacuum said = description.resolved.value_for<Autovacuum>(*tuned.table).value_or(Autovacuum{});
    Autovacuum own{};
    for (const StorageParameter &parameter : said.parameters) {
        const bool does_not_count = parameter.is_toast && !OidIsValid(tuned.table->toast);
        if (parameter.value == nullptr || does_not_count || find(tuned.parameters.view(), parameter.name))
            continue;
        StorageParameter none = parameter;
        none.value = nullptr;
        own.parameters.push(none);
    }
    for (const StorageParameter &parameter : tuned.parameters) {
        const StorageParameter *expected = find(said.parameters.view(), parameter.name);
        if (expected == nullptr || !are_same(*expected, parameter))
            own.parameters.push(parameter);
    }
    std::sort(own.parameters.begin(), own.parameters.end(), is_by_name);
    if (!own.parameters.is_empty())
        description.settings_of(*tuned.table).set(own);
}

void Autovacuum::describe(Description &description)
{
    Array<Array<TunedTable>> tuned;
    for (std::size_t schema = 0; schema < description.described; schema++) {
        tuned.push(read_tuned(description.tables_of(schema)));
        const std::span<const TunedTable> tables = tuned[schema].view();
        Autovacuum common{};
        for (const char *name : names_in(tables))
            if (const StorageParameter *value = common_value(name, tables))
                common.parameters.push(*value);
        if (!common.parameters.is_empty())
            description.schemas[schema]->settings.set(common);
    }
    for (const Array<TunedTable> &tables : tuned)
        for (const TunedTable &table : tables)
            describe_table(description, table);
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::Autovacuum);
