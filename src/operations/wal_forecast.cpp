// wal_forecast: what REPLICA IDENTITY FULL costs each table of the schema in WAL, by the rows that it has
// updated and deleted since the statistics began.
#include "rowset.hpp"

#include "catalog/chunks.hpp"
#include "catalog/old_rows.hpp"
#include "catalog/tables.hpp"
#include "catalog/wal_records.hpp"
#include "cluster/shard_statistics.hpp"

namespace dj_deploy {

namespace {

// One row of the report. What is missing is unknown.
struct Forecast {
    const Table *table;
    const WriteFacts *facts;
    Cell exposed_columns;
    const char *basis = "unlogged";
    std::optional<double> row_bytes = 0;
    std::optional<double> key_bytes = 0;
    std::optional<double> default_bytes{};
    std::optional<double> full_bytes{};

    // At most; what is unknown counts less than nothing.
    std::optional<double> cost() const
    {
        return full_bytes ? std::optional(*full_bytes - default_bytes.value_or(0)) : std::nullopt;
    }
};

// The same tables as of set_replica_identity.
constexpr Scope scope = {};

const char *text_of(Basis basis)
{
    switch (basis) {
    case Basis::types:
        return "types";
    case Basis::statistics:
        return "statistics";
    case Basis::pages:
        return "pages";
    default:
        return "unknown";
    }
}

// So many records that grow by so much each; none grow by nothing, however little is known of them.
std::optional<double> written(std::int64_t records, std::optional<double> growth)
{
    return records == 0 ? 0.0 : growth ? std::optional(static_cast<double>(records) * *growth) : std::nullopt;
}

std::optional<double> sum(std::optional<double> left, std::optional<double> right)
{
    return left && right ? std::optional(*left + *right) : std::nullopt;
}

Cell bigint_cell(std::optional<double> number)
{
    constexpr double most = 9e18;
    const bool is_known = number && *number >= 0; // NaN is not
    return is_known ? Cell::bigint(static_cast<std::int64_t>(std::min(*number + 0.5, most))) : Cell::none();
}

Cell names_cell(const Array<const char *> &names)
{
    return {.value = Parameter(names.view()).value, .is_null = false};
}

// An UPDATE under DEFAULT writes no old key, unless it changes it, which nobody counts.
void add_written(Forecast &forecast, const OldRows &rows, bool has_key)
{
    const WriteFacts &facts = *forecast.facts;
    std::optional<double> update;
    std::optional<double> deletion;
    std::optional<double> key_deletion;
    if (rows.basis != Basis::unknown) {
        update = update_growth(rows.stored, rows.toast);
        deletion = delete_growth(rows.stored, rows.toast);
    }
    if (!has_key)
        key_deletion = 0;
    else if (rows.key)
        key_deletion = delete_growth(*rows.key, 0);
    forecast.default_bytes = written(facts.deletes, key_deletion);
    forecast.full_bytes = sum(written(facts.updates, update), written(facts.deletes, deletion));
}

Forecast forecast_of(const Table &table, const WriteFacts &facts, const StoredColumns &columns)
{
    if (table.persistence != RELPERSISTENCE_PERMANENT) {
        Forecast nothing{.table = &table, .facts = &facts, .exposed_columns = names_cell({})};
        if (facts.is_counting)
            nothing.default_bytes = nothing.full_bytes = 0;
        return nothing;
    }
    const OldRows rows = measure_old_rows(facts, columns);
    Forecast forecast{.table = &table, .facts = &facts, .exposed_columns = names_cell(columns.exposed)};
    forecast.basis = text_of(rows.basis);
    forecast.row_bytes =
        rows.basis == Basis::unknown ? std::nullopt : std::optional(rows.stored.average + rows.toast);
    if (columns.has_key)
        forecast.key_bytes = rows.key ? std::optional(rows.key->average) : std::nullopt;
    if (facts.is_counting)
        add_written(forecast, rows, columns.has_key);
    return forecast;
}

void add_row(const Rows &rows, const Forecast &forecast)
{
    const WriteFacts &facts = *forecast.facts;
    const bool has_days = facts.days && *facts.days > 0;
    const auto per_day = [&](std::optional<double> bytes) {
        return has_days && bytes ? std::optional(*bytes / *facts.days) : std::nullopt;
    };
    const std::array cells = {
        Cell::text(forecast.table->schema),
        Cell::text(forecast.table->name),
        facts.is_counting ? Cell::bigint(facts.updates) : Cell::none(),
        facts.is_counting ? Cell::bigint(facts.deletes) : Cell::none(),
        facts.is_counting && facts.since ? Cell::timestamp(*facts.since) : Cell::none(),
        bigint_cell(forecast.row_bytes),
        bigint_cell(forecast.key_bytes),
        bigint_cell(forecast.default_bytes),
        bigint_cell(forecast.full_bytes),
        bigint_cell(per_day(forecast.default_bytes)),
        bigint_cell(per_day(forecast.full_bytes)),
        forecast.exposed_columns,
        Cell::text(forecast.basis),
    };
    rows.add(cells);
}

bool costs_more(const Forecast &left, const Forecast &right)
{
    if (left.cost() != right.cost())
        return left.cost() > right.cost();
    const int names = ::strcmp(left.table->name, right.table->name);
    return names != 0 ? names < 0 : ::strcmp(left.table->schema, right.table->schema) < 0;
}

// Of each of the tables that is still there, with its chunks. Those of the tables come first.
Array<WriteFacts> read_facts_with_chunks(const WithChunks &all, std::size_t tables)
{
    const Array<WriteFacts> read = read_write_facts(all.oids.view());
    Array<WriteFacts> facts;
    for (const WriteFacts &one : read) {
        if (one.table < tables) {
            facts.push(one);
            continue;
        }
        const auto is_before = [](const WriteFacts &left, std::size_t table) { return left.table < table; };
        WriteFacts *sum = std::lower_bound(facts.begin(), facts.end(), all.places[one.table], is_before);
        if (sum != facts.end() && sum->table == all.places[one.table])
            sum->add(one);
    }
    return facts;
}

struct WalForecast {
    static constexpr const char *name = "wal_forecast";

    NamedTarget target;

    static WalForecast request(const Arguments &arguments) { return {.target = request_target(arguments)}; }

    void fill(const Rows &rows) const
    {
        // A partitioned table has no rows of its own.
        const Target found = resolve_target(target);
        Array<Table> tables = read_tables(found, scope);
        tables.count = std::remove_if(tables.begin(), tables.end(),
                                      [](const Table &table) { return table.is_partitioned(); }) -
                       tables.begin();
        Array<::Oid> oids;
        Array<const char *> schemas;
        Array<const char *> names;
        for (const Table &table : tables) {
            oids.push(table.oid);
            names.push(table.name);
            const auto is_same = [&](const char *schema) { return ::strcmp(schema, table.schema) == 0; };
            if (std::none_of(schemas.begin(), schemas.end(), is_same))
                schemas.push(table.schema);
        }

        const WithChunks all = WithChunks::of(tables.view());
        const Array<ShardStatistics> shards = read_shard_statistics(Sharded::find(oids.view()), true);
        const Array<ColumnStatistics> of_shards = columns_of(shards.view());
        Array<WriteFacts> all_facts = read_facts_with_chunks(all, tables.count);
        count_shards(all_facts, oids.view(), shards.view());
        Array<::Oid> with_chunks;
        for (const std::size_t place : all.places.view().subspan(tables.count))
            with_chunks.push(oids[place]);
        const Array<StoredColumns> columns = read_stored_columns(oids.view(), schemas.view(), names.view(),
                                                                 with_chunks.view(), of_shards.view());
        Array<Forecast> forecasts;
        for (const WriteFacts &facts : all_facts)
            forecasts.push(forecast_of(tables[facts.table], facts, columns[facts.table]));
        std::sort(forecasts.begin(), forecasts.end(), costs_more);
        for (const Forecast &forecast : forecasts)
            add_row(rows, forecast);
    }
};

} // namespace

DJ_DEPLOY_FUNCTION(wal_forecast, run_report<WalForecast>);

} // namespace dj_deploy
