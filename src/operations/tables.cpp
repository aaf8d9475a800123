// tables: what a person wants to know about each table of a schema, at one look. No lock on any of them: what
// the server's functions would open a table for is read from the catalogs and from the file system.
#include "catalog/chunks.hpp"
#include "catalog/table_files.hpp"
#include "catalog/tier.hpp"
#include "cluster/shard_statistics.hpp"
#include "plan/quote.hpp"
#include "publishing/scenario.hpp"
#include "rowset.hpp"

namespace dj_deploy {

namespace {

// Everything is looked up by OID, so that the cost grows with the tables of the schema and not with those of
// the database.
constexpr const char *sql = R"(
    SELECT t.number::int4,
           n.nspname::text, c.relname::text,
           CASE WHEN k.indexrelid IS NOT NULL THEN ARRAY(
               SELECT a.attname::text
               FROM pg_catalog.unnest(k.indkey) WITH ORDINALITY AS part(attnum, number)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = k.indrelid AND a.attnum = part.attnum
               WHERE part.number <= k.indnkeyatts ORDER BY part.number) END,
           CASE WHEN k.indexrelid IS NULL THEN 'no primary key' WHEN NOT k.indimmediate THEN 'primary key deferrable'
                WHEN NOT k.indisvalid THEN 'primary key not valid' END,
           pg_catalog.pg_get_userbyid(c.relowner)::text,
           CASE WHEN c.reloptions IS NULL AND toast.reloptions IS NULL THEN '{}' ELSE (
               SELECT COALESCE(pg_catalog.jsonb_object_agg(o.name,
                   CASE WHEN o.value ~ '^(-?(0|[1-9][0-9]*)([.][0-9]+)?|true|false)$' THEN o.value::pg_catalog.jsonb
                        ELSE pg_catalog.to_jsonb(o.value) END), '{}')
               FROM (SELECT option_name, option_value FROM pg_catalog.pg_options_to_table(c.reloptions)
                     UNION ALL
                     SELECT 'toast.' || option_name, option_value
                     FROM pg_catalog.pg_options_to_table(toast.reloptions)) AS o(name, value)
               WHERE o.name ~ 'vacuum|analyze') END,
           v.last, z.last
    FROM pg_catalog.unnest($1) WITH ORDINALITY AS t(oid, number)
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index k ON k.indrelid = c.oid AND k.indisprimary
    LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid
    CROSS JOIN LATERAL (
        SELECT GREATEST(pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
                        pg_catalog.pg_stat_get_last_autovacuum_time(c.oid))) AS v(last)
    CROSS JOIN LATERAL (
        SELECT GREATEST(pg_catalog.pg_stat_get_last_analyze_time(c.oid),
                        pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid))) AS z(last)
    ORDER BY n.nspname COLLATE "C", t.number)";

const char *kind_of(const Table &table)
{
    if (table.is_member)
        return "extension table";
    if (table.is_partitioned())
        return table.is_partition ? "partitioned partition" : "partitioned table";
    return table.is_partition ? "partition" : "table";
}

const char *persistence_of(const Table &table)
{
    return table.persistence == RELPERSISTENCE_UNLOGGED ? "unlogged" : "permanent";
}

// The index is always quoted: one may be called "dropped".
const char *identity_of(const Table &table, const char *key_fault)
{
    switch (table.replica_identity) {
    case REPLICA_IDENTITY_FULL:
        return "full";
    case REPLICA_IDENTITY_NOTHING:
        return "nothing";
    case REPLICA_IDENTITY_INDEX:
        return table.identity_index == nullptr ? "index dropped"
                                               : ::psprintf("index %s", identifier(table.identity_index));
    default:
        return key_fault == nullptr ? "default" : ::psprintf("default, %s", key_fault);
    }
}

// By name.
Array<const char *> publications_of(const Scenario &present, ::Oid table)
{
    Array<const char *> names;
    if (const Relation *relation = present.facts->find(table))
        for (const Publishing &published : present.publishings(*relation))
            names.push(published.publication->name);
    std::sort(names.begin(), names.end(),
              [](const char *left, const char *right) { return ::strcmp(left, right) < 0; });
    return names;
}

const ShardStatistics *find_shards(const Array<ShardStatistics> &of_shards, const Table &table)
{
    return find_sorted(of_shards.view(), &ShardStatistics::table, table.oid);
}

// What each table has on disk and in rows, with its chunks or shards.
struct Contents {
    Array<TableFiles> files;
    Array<std::optional<std::int64_t>> rows;

    static Contents read(const Array<Table> &tables, const Array<ShardStatistics> &of_shards)
    {
        const WithChunks all = WithChunks::of(tables.view());
        const Contents contents{.files = read_table_files(all.oids.view()),
                                .rows = read_live_rows(all.oids.view())};
        for (std::size_t index = tables.count; index < all.oids.count; index++)
            contents.add(all.places[index], index);
        for (std::size_t index = 0; index < tables.count; index++)
            if (const ShardStatistics *shards = find_shards(of_shards, tables[index]))
                contents.set(index, *shards);
        return contents;
    }

private:
    // There is hardly anything here.
    void set(std::size_t place, const ShardStatistics &shards) const
    {
        files[place].bytes = shards.bytes;
        files[place].toast_bytes = shards.toast_bytes;
        rows[place] = shards.rows;
    }

    void add(std::size_t place, std::size_t chunk) const
    {
        TableFiles &sum = files[place];
        sum.bytes += files[chunk].bytes;
        sum.toast_bytes += files[chunk].toast_bytes;
        for (const char *name : files[chunk].invalid_indexes)
            sum.invalid_indexes.push(name);
        if (rows[chunk])
            rows[place] = rows[place].value_or(0) + *rows[chunk];
    }
};

Cell time_cell(std::optional<::TimestampTz> time)
{
    return time ? Cell::timestamp(*time) : Cell::none();
}

struct Tables {
    static constexpr const char *name = "tables";

    NamedTarget target;

    static Tables request(const Arguments &arguments) { return {.target = request_target(arguments)}; }

    void fill(const Rows &rows) const
    {
        const Target found = resolve_target(target);
        const Array<Table> tables = read_tables(found, {.has_hidden = true, .has_members = true});
        Array<::Oid> oids;
        for (const Table &table : tables)
            oids.push(table.oid);
        const Facts facts = Facts::read(oids.view());
        const Scenario present = Scenario::of(facts);
        const Array<ShardStatistics> of_shards = read_shard_statistics(Sharded::find(oids.view()), false);
        const Contents contents = Contents::read(tables, of_shards);
        const auto add = [&](const Row &row) {
            const std::size_t place = row.integer(1) - 1;
            const Table &table = tables[place];
            add_table(rows, table, publications_of(present, table.oid), contents.files[place],
                      contents.rows[place], row, find_shards(of_shards, table));
        };
        query(sql, add, oids.view());
    }

private:
    // A partitioned table has no rows and no files: its partitions have.
    static void add_table(const Rows &rows, const Table &table, const Array<const char *> &publications,
                          const TableFiles &files, std::optional<std::int64_t> live_rows, const Row &row,
                          const ShardStatistics *shards)
    {
        CHECK_FOR_INTERRUPTS();
        const bool has_files = !table.is_partitioned();
        const std::array cells = {
            Cell::of(row, 2),
            Cell::of(row, 3),
            Cell::text(read_tier(table)),
            Cell::text(kind_of(table)),
            Cell::of(row, 4),
            Cell::text(identity_of(table, row.string(5))),
            Cell::texts(publications.view()),
            Cell::text(persistence_of(table)),
            Cell::of(row, 6),
            Cell::of(row, 7),
            live_rows ? Cell::bigint(*live_rows) : Cell::none(),
            has_files ? Cell::bigint(files.bytes) : Cell::none(),
            has_files ? Cell::bigint(files.toast_bytes) : Cell::none(),
            shards != nullptr ? time_cell(shards->last_vacuum) : Cell::of(row, 8),
            shards != nullptr ? time_cell(shards->last_analyze) : Cell::of(row, 9),
            Cell::texts(files.invalid_indexes.view()),
        };
        rows.add(cells);
    }
};

} // namespace

DJ_DEPLOY_FUNCTION(tables, run_report<Tables>);

} // namespace dj_deploy
