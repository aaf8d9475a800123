// Reads pg_publication, and which tables it comes down to.
#include "catalog/publications.hpp"
#include "pg/query.hpp"

namespace dj_deploy {

namespace {

// Columns that only newer servers have are read through jsonb.
constexpr const char *options_sql = R"(
    SELECT p.oid, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot,
           COALESCE(pg_catalog.to_jsonb(p) ->> 'pubgencols' = 's', false)
    FROM pg_catalog.pg_publication p
    WHERE p.pubname = $1
    ORDER BY p.oid)";

#if PG_VERSION_NUM >= 190000
#define NOT_EXCEPTED "NOT r.prexcept"
#else
#define NOT_EXCEPTED "true"
#endif

constexpr const char *published_sql = R"(
    WITH RECURSIVE published AS (
        SELECT c.oid, c.relkind
        FROM pg_catalog.pg_class c
        WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND c.oid >= 16384
          AND (EXISTS (SELECT FROM pg_catalog.pg_publication_rel r
                       WHERE r.prpubid = ANY ($1) AND r.prrelid = c.oid AND )" NOT_EXCEPTED R"()
               OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace n
                          WHERE n.pnpubid = ANY ($1) AND n.pnnspid = c.relnamespace)
               OR EXISTS (SELECT FROM pg_catalog.pg_publication p WHERE p.oid = ANY ($1) AND p.puballtables))
        UNION
        SELECT c.oid, c.relkind
        FROM published p
        JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
    )
    SELECT p.oid FROM published p WHERE p.relkind = 'r' ORDER BY p.oid)";

constexpr const char *narrowed_sql = R"(
    SELECT r.prrelid
    FROM pg_catalog.pg_publication_rel r
    JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
    WHERE r.prpubid = $1 AND c.relkind = 'p' AND (r.prattrs IS NOT NULL OR r.prqual IS NOT NULL)
    ORDER BY r.prrelid)";

} // namespace

bool read_options(const char *name, PublicationOptions &options)
{
    bool is_found = false;
    const auto read = [&](const Row &row) {
        is_found = true;
        options = {
            .oid = row.oid(1),
            .name = name,
            .is_insert = row.boolean(2),
            .is_update = row.boolean(3),
            .is_delete = row.boolean(4),
            .is_truncate = row.boolean(5),
            .is_via_root = row.boolean(6),
            .has_generated = row.boolean(7),
        };
    };
    query(options_sql, read, name);
    return is_found;
}

Array<::Oid> read_narrowed_roots(::Oid publication)
{
    Array<::Oid> tables;
    query(
        narrowed_sql, [&](const Row &row) { tables.push(row.oid(1)); }, publication);
    return tables;
}

Array<::Oid> read_published_tables(std::span<const ::Oid> publications)
{
    Array<::Oid> tables;
    query(
        published_sql, [&](const Row &row) { tables.push(row.oid(1)); }, publications);
    return tables;
}

} // namespace dj_deploy
