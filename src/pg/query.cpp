// The parts of query.hpp and kept_query.hpp that need no template.
#include "pg/kept_query.hpp"

#include "pg/context.hpp"

namespace dj_deploy {

namespace {

// A one-dimensional array of an element type with alignment 'i', as oid and text both have.
template <class T, class ToDatum>
::Datum array_datum(std::span<const T> values, ::Oid element_type, int element_length, ToDatum to_datum)
{
    Array<::Datum> datums;
    for (const T &value : values)
        datums.push(to_datum(value));
    const bool is_by_value = element_length > 0;
    return PointerGetDatum(::construct_array(datums.items, static_cast<int>(datums.count), element_type,
                                             element_length, is_by_value, TYPALIGN_INT));
}

} // namespace

Parameter::Parameter(std::span<const ::Oid> values)
    : type(OIDARRAYOID),
      value(array_datum(values, OIDOID, sizeof(::Oid), [](::Oid oid) { return ObjectIdGetDatum(oid); })),
      count(values.size())
{
}

Parameter::Parameter(std::span<const std::int32_t> values)
    : type(INT4ARRAYOID), value(array_datum(values, INT4OID, sizeof(std::int32_t),
                                            [](std::int32_t number) { return Int32GetDatum(number); })),
      count(values.size())
{
}

Parameter::Parameter(std::span<const char *const> values)
    : type(TEXTARRAYOID),
      value(array_datum(values, TEXTOID, -1, [](const char *text) { return CStringGetTextDatum(text); })),
      count(values.size())
{
}

std::optional<::Datum> Row::optional_value(int column, ::Oid type) const
{
    if (::SPI_gettypeid(descriptor, column) != type)
        elog(ERROR, "column %d of a catalog query has type %u, expected %u", column,
             ::SPI_gettypeid(descriptor, column), type);
    bool is_null = false;
    const ::Datum value = ::SPI_getbinval(tuple, descriptor, column, &is_null);
    return is_null ? std::nullopt : std::optional(value);
}

// Where a type is passed by reference there is nothing behind the datum of a NULL.
::Datum Row::value(int column, ::Oid type) const
{
    const std::optional<::Datum> found = optional_value(column, type);
    if (!found)
        elog(ERROR, "column %d of a catalog query is null", column);
    return *found;
}

std::optional<double> Row::optional_real(int column) const
{
    const auto found = optional_value(column, FLOAT8OID);
    return found ? std::optional(DatumGetFloat8(*found)) : std::nullopt;
}

std::optional<std::int32_t> Row::optional_integer(int column) const
{
    const auto found = optional_value(column, INT4OID);
    return found ? std::optional<std::int32_t>(DatumGetInt32(*found)) : std::nullopt;
}

std::optional<std::int64_t> Row::optional_bigint(int column) const
{
    const auto found = optional_value(column, INT8OID);
    return found ? std::optional<std::int64_t>(DatumGetInt64(*found)) : std::nullopt;
}

std::optional<::TimestampTz> Row::optional_timestamp(int column) const
{
    const auto found = optional_value(column, TIMESTAMPTZOID);
    return found ? std::optional(DatumGetTimestampTz(*found)) : std::nullopt;
}

const char *Row::name(int column) const
{
    const auto found = optional_value(column, NAMEOID);
    return found ? ::pstrdup(NameStr(*DatumGetName(*found))) : nullptr;
}

const char *Row::string(int column) const
{
    const auto found = optional_value(column, TEXTOID);
    return found ? TextDatumGetCString(*found) : nullptr;
}

Array<const char *> Row::strings(int column) const
{
    Array<const char *> strings;
    const auto found = optional_value(column, TEXTARRAYOID);
    if (!found)
        return strings;
    ::Datum *items = nullptr;
    bool *nulls = nullptr;
    int count = 0;
    ::deconstruct_array(DatumGetArrayTypeP(*found), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &count);
    for (int index = 0; index < count; index++)
        if (!nulls[index])
            strings.push(TextDatumGetCString(items[index]));
    return strings;
}

Array<double> Row::reals(int column) const
{
    Array<double> reals;
    const auto found = optional_value(column, FLOAT8ARRAYOID);
    if (!found)
        return reals;
    ::Datum *items = nullptr;
    bool *nulls = nullptr;
    int count = 0;
    ::deconstruct_array(DatumGetArrayTypeP(*found), FLOAT8OID, sizeof(double), FLOAT8PASSBYVAL,
                        TYPALIGN_DOUBLE, &items, &nulls, &count);
    for (int index = 0; index < count; index++)
        reals.push(nulls[index] ? 0 : DatumGetFloat8(items[index]));
    return reals;
}

::Datum Row::copy(int column, ::Oid type) const
{
    return PointerGetDatum(PG_DETOAST_DATUM_COPY(value(column, type)));
}

namespace {

::ParamListInfo list_of(std::span<const Parameter> parameters)
{
    ::ParamListInfo values = ::makeParamList(static_cast<int>(parameters.size()));
    for (std::size_t index = 0; index < parameters.size(); index++)
        values->params[index] = {.value = parameters[index].value,
                                 .isnull = false,
                                 .pflags = PARAM_FLAG_CONST,
                                 .ptype = parameters[index].type};
    return values;
}

// Calls execute(options), which plans and executes, and returns what SPI does.
template <class Execute>
void execute_with(std::span<const Parameter> parameters, ::DestReceiver *receiver, Execute &&execute)
{
    ::SPIExecuteOptions options{};
    options.params = list_of(parameters);
    options.read_only = true;
    options.dest = receiver;

    ::PushActiveSnapshot(::GetLatestSnapshot());
    // Names and operators mean pg_catalog's; parallel workers and compilation would cost more than they save;
    // intervals and quoted names read alike in every session.
    const std::initializer_list<Setting> settings = {
        {"search_path", "pg_catalog, pg_temp"},
        {"max_parallel_workers_per_gather", "0"},
        {"intervalstyle", "postgres"},
        {"quote_all_identifiers", "off"},
        {"jit", "off"},
    };
    with_settings(settings, [&] {
        const int result = execute(options);
        if (result != SPI_OK_SELECT)
            elog(ERROR, "catalog query failed: %s", ::SPI_result_code_string(result));
    });
    ::PopActiveSnapshot();
}

struct KeptPlan {
    const char *sql;
    ::SPIPlanPtr plan;
    KeptPlan *next;
};

KeptPlan *kept_plans = nullptr;

// A plan for any values, whose cost is that of few: what is asked decides, not what was asked first.
::SPIPlanPtr kept_plan(const char *sql, std::span<const Parameter> parameters)
{
    for (const KeptPlan *kept = kept_plans; kept != nullptr; kept = kept->next)
        if (::strcmp(kept->sql, sql) == 0)
            return kept->plan;
    Array<::Oid> types;
    for (const Parameter &parameter : parameters)
        types.push(parameter.type);
    const ::SPIPlanPtr plan =
        ::SPI_prepare_cursor(sql, static_cast<int>(types.count), types.items, CURSOR_OPT_GENERIC_PLAN);
    if (plan == nullptr)
        elog(ERROR, "catalog query failed: %s", ::SPI_result_code_string(SPI_result));
    const ::MemoryContext context = ::MemoryContextSwitchTo(TopMemoryContext);
    KeptPlan *kept = keep_value(KeptPlan{.sql = ::pstrdup(sql), .plan = plan, .next = kept_plans});
    ::MemoryContextSwitchTo(context);
    ::SPI_keepplan(plan);
    kept_plans = kept;
    return plan;
}

} // namespace

void execute_query(const char *sql, std::span<const Parameter> parameters, ::DestReceiver *receiver)
{
    execute_with(parameters, receiver,
                 [&](const ::SPIExecuteOptions &options) { return ::SPI_execute_extended(sql, &options); });
}

void execute_kept_query(const char *sql, std::span<const Parameter> parameters)
{
    const auto has_many = [](const Parameter &parameter) { return parameter.count > most_for_kept_plan; };
    if (std::any_of(parameters.begin(), parameters.end(), has_many))
        return execute_query(sql, parameters);
    execute_with(parameters, nullptr, [&](const ::SPIExecuteOptions &options) {
        return ::SPI_execute_plan_extended(kept_plan(sql, parameters), &options);
    });
}

} // namespace dj_deploy
