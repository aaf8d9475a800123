// Reads pg_attribute and pg_stats. A primary key whose check is deferrable is no replica identity, and what
// it includes is not of the key.
#include "catalog/stored_columns.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

// What pg_stats gives as the width of a value in the TOAST table.
constexpr double pointer_width = TOAST_POINTER_SIZE;

// The view is a security barrier, into which conditions on schemas and names go and a join would not; without
// that on names all of pg_class would be read.
// A virtual generated column (18 on) is stored as null.
constexpr const char *sql = R"(
    SELECT (u.number - 1)::integer, a.attlen::integer, a.attalign::text, a.attstorage::text, a.attisdropped,
           a.attisdropped OR a.attgenerated = 'v', COALESCE(a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]), false),
           a.attnotnull, COALESCE(s.null_frac BETWEEN 0 AND 1, false), s.null_frac::float8, s.avg_width::float8,
           a.attname::text
    FROM pg_catalog.unnest($1) WITH ORDINALITY AS u(oid, number)
    JOIN pg_catalog.pg_class c ON c.oid = u.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    LEFT JOIN pg_catalog.pg_index i
           ON i.indrelid = c.oid AND i.indisprimary AND i.indimmediate AND i.indisvalid
    LEFT JOIN (SELECT schemaname, tablename, attname, inherited, null_frac, avg_width
               FROM pg_catalog.pg_stats
               WHERE schemaname = ANY ($2::name[]) AND tablename = ANY ($3::name[])) s
           ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
              AND s.inherited = (c.oid = ANY ($4))
    ORDER BY u.number, a.attnum)";

// Without statistics only a column of fixed length that is never null is known.
StoredColumn read_column(const Row &row, bool is_absent, const ColumnStatistics *elsewhere)
{
    const auto length = static_cast<std::int16_t>(row.integer(2));
    const bool is_not_null = row.boolean(8);
    const bool has_statistics = elsewhere != nullptr || row.boolean(9);
    const auto null_fraction = [&] { return elsewhere != nullptr ? elsewhere->null_fraction : row.real(10); };
    return {
        .length = length,
        .alignment = row.string(3)[0],
        .storage = row.string(4)[0],
        .is_key = row.boolean(7),
        .is_known = is_absent || has_statistics || (length > 0 && is_not_null),
        .null_fraction = is_absent                        ? 1
                         : is_not_null || !has_statistics ? 0
                                                          : null_fraction(),
        .width = elsewhere != nullptr ? elsewhere->width : row.optional_real(11).value_or(0),
    };
}

// Where all values are in the TOAST table, the average width is that of a pointer; where only some are, it is
// hardly shorter, because short values stay in the row.
void add_values_in_toast(StoredColumns &table, const StoredColumn &column)
{
    if (column.length != -1 || column.storage == TYPSTORAGE_PLAIN)
        return;
    if (column.is_known && column.width == pointer_width)
        table.values_in_toast += 1 - column.null_fraction;
    if (!column.is_known || column.width >= pointer_width)
        table.most_values_in_toast += 1 - column.null_fraction;
}

void add_column(StoredColumns &table, const Row &row, const ColumnStatistics *elsewhere)
{
    const bool is_absent = row.boolean(6);
    const StoredColumn column = read_column(row, is_absent, elsewhere);
    table.columns.push(column);
    table.has_dropped = table.has_dropped || row.boolean(5);
    table.are_fixed = table.are_fixed && (is_absent || (column.length > 0 && row.boolean(8)));
    table.has_key = table.has_key || column.is_key;
    add_values_in_toast(table, column);
    if (!is_absent && !column.is_key)
        table.exposed.push(row.string(12));
}

const ColumnStatistics *find_statistics(std::span<const ColumnStatistics> all, ::Oid table,
                                        const char *column)
{
    const auto is_before = [&](const ColumnStatistics &one, const char *name) {
        return one.table != table ? one.table < table : ::strcmp(one.column, name) < 0;
    };
    const auto found = std::lower_bound(all.begin(), all.end(), column, is_before);
    const bool is_found = found != all.end() && found->table == table && ::strcmp(found->column, column) == 0;
    return is_found ? &*found : nullptr;
}

} // namespace

bool StoredColumns::are_known() const
{
    return std::all_of(columns.begin(), columns.end(),
                       [](const StoredColumn &column) { return column.is_known; });
}

bool StoredColumns::is_key_known() const
{
    return std::all_of(columns.begin(), columns.end(),
                       [](const StoredColumn &column) { return column.is_known || !column.is_key; });
}

Array<StoredColumns> read_stored_columns(std::span<const ::Oid> tables, std::span<const char *const> schemas,
                                         std::span<const char *const> names,
                                         std::span<const ::Oid> with_chunks,
                                         std::span<const ColumnStatistics> elsewhere)
{
    Array<StoredColumns> result;
    result.resize(tables.size());
    query(
        sql,
        [&](const Row &row) {
            const std::int32_t table = row.integer(1);
            add_column(result[table], row, find_statistics(elsewhere, tables[table], row.string(12)));
        },
        tables, schemas, names, with_chunks);
    return result;
}

} // namespace dj_deploy
