// Reads pg_class. Partitions that the target does not name itself come from a second query, which most
// schemas never need.
#include "catalog/tables.hpp"

#include "pg/query.hpp"

namespace dj_deploy {

namespace {

constexpr const char *columns = R"(
    SELECT c.oid, c.relnamespace, n.nspname, c.relname, c.relkind, c.relreplident,
           CASE WHEN c.relreplident = 'i' THEN
               (SELECT ic.relname
                FROM pg_catalog.pg_index i
                JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
                WHERE i.indrelid = c.oid AND i.indisreplident AND i.indisvalid
                ORDER BY ic.relname
                LIMIT 1)
           END,
           pg_catalog.pg_has_role(c.relowner, 'USAGE')
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)";

constexpr const char *of_schema = R"(
    WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      AND ($2 OR NOT pg_catalog.starts_with(c.relname::text, '~'))
      AND c.oid NOT IN (SELECT d.objid
                        FROM pg_catalog.pg_depend d
                        WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                          AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                          AND d.deptype = 'e'))";

// Only where Citus is installed; its shards are tables that the coordinator's table stands for.
constexpr const char *without_shards = R"(
      AND NOT pg_catalog.relation_is_a_known_shard(c.oid))";

constexpr const char *of_table = R"(
    WHERE c.oid = $1)";

constexpr const char *partitions_of = R"(
    WHERE c.relkind IN ('r', 'p') AND c.oid <> ALL ($2) AND c.oid IN (
        WITH RECURSIVE partition AS (
            SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = ANY ($1)
            UNION
            SELECT i.inhrelid FROM partition p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.inhrelid
        )
        SELECT inhrelid FROM partition))";

constexpr const char *by_name = R"(
    ORDER BY c.relname, n.nspname)";

const char *concatenate(std::initializer_list<const char *> parts)
{
    ::StringInfoData sql;
    ::initStringInfo(&sql);
    for (const char *part : parts)
        ::appendStringInfoString(&sql, part);
    return sql.data;
}

bool has_distributed_tables()
{
    ::List *name = list_make2(::makeString(::pstrdup("pg_catalog")),
                              ::makeString(::pstrdup("relation_is_a_known_shard")));
    const ::Oid argument_types[] = {REGCLASSOID};
    return OidIsValid(::LookupFuncName(name, 1, argument_types, true));
}

Table read_table(const Row &row)
{
    return {
        .oid = row.oid(1),
        .schema_oid = row.oid(2),
        .schema = row.name(3),
        .name = row.name(4),
        .relkind = row.character(5),
        .replica_identity = row.character(6),
        .identity_index = row.name(7),
        .is_owned = row.boolean(8),
    };
}

// Returns whether any partition was added.
bool add_partitions(Array<Table> &tables)
{
    Array<::Oid> known;
    Array<::Oid> partitioned;
    for (const Table &table : tables) {
        known.push(table.oid);
        if (table.is_partitioned())
            partitioned.push(table.oid);
    }
    if (partitioned.is_empty())
        return false;

    const char *sql = concatenate({columns, partitions_of, by_name});
    query(sql, [&](const Row &row) { tables.push(read_table(row)); }, partitioned.view(), known.view());
    return tables.count > known.count;
}

} // namespace

Array<Table> read_tables(Target target, HiddenTables hidden_tables)
{
    Array<Table> tables;
    const auto add = [&](const Row &row) { tables.push(read_table(row)); };

    if (OidIsValid(target.table)) {
        query(concatenate({columns, of_table, by_name}), add, target.table);
    } else {
        const char *shards = has_distributed_tables() ? without_shards : "";
        query(concatenate({columns, of_schema, shards, by_name}), add, target.schema,
              hidden_tables == HiddenTables::included);
    }

    if (add_partitions(tables))
        std::sort(tables.begin(), tables.end(), [](const Table &left, const Table &right) {
            return std::pair<std::string_view, std::string_view>(left.name, left.schema) <
                   std::pair<std::string_view, std::string_view>(right.name, right.schema);
        });
    return tables;
}

} // namespace dj_deploy
