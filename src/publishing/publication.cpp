// Reads pg_publication. Here, and in facts.cpp, stands what differs between the servers.
#include "publishing/publication.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

#if PG_VERSION_NUM >= 180000
bool publishes_generated(const FormData_pg_publication &row)
{
    return row.pubgencols == PUBLISH_GENCOLS_STORED;
}
#else
bool publishes_generated(const FormData_pg_publication &)
{
    return false;
}
#endif

#if PG_VERSION_NUM >= 190000
bool publishes_sequences(const FormData_pg_publication &row)
{
    return row.puballsequences;
}
#else
bool publishes_sequences(const FormData_pg_publication &)
{
    return false;
}
#endif

Publication publication_of(const FormData_pg_publication &row)
{
    return {.oid = row.oid,
            .name = ::pstrdup(NameStr(row.pubname)),
            .owner = row.pubowner,
            .is_insert = row.pubinsert,
            .is_update = row.pubupdate,
            .is_delete = row.pubdelete,
            .is_truncate = row.pubtruncate,
            .is_via_root = row.pubviaroot,
            .has_generated = publishes_generated(row),
            .is_for_all = row.puballtables,
            .is_for_sequences = publishes_sequences(row)};
}

bool has_row(::Oid catalog, ::Oid index, ::AttrNumber column, ::Oid publication)
{
    bool is_found = false;
    const ::Relation table = ::table_open(catalog, AccessShareLock);
    ::ScanKeyData key;
    ::ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(publication));
    const ::SysScanDesc scan = ::systable_beginscan(table, index, OidIsValid(index), nullptr, 1, &key);
    is_found = HeapTupleIsValid(::systable_getnext(scan));
    ::systable_endscan(scan);
    ::table_close(table, AccessShareLock);
    return is_found;
}

} // namespace

const char *operations_of(const Publication &publication)
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (const auto &[name, is_published] : publication_operations)
        if (publication.*is_published)
            ::appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", name);
    return ::pnstrdup(text.data, text.len);
}

Publication with_operations(Publication publication, const Publication &other)
{
    for (const auto &[name, is_published] : publication_operations)
        publication.*is_published = other.*is_published;
    return publication;
}

Publication publication_to_make(::Oid number, const char *name)
{
    return {.oid = number,
            .name = name,
            .owner = ::GetUserId(),
            .is_insert = true,
            .is_update = true,
            .is_delete = true,
            .is_truncate = true,
            .is_via_root = true,
            .has_generated = false,
            .is_for_all = false,
            .is_for_sequences = false};
}

namespace {

// Calls is_last(row) for each publication, in no particular order, until it is.
template <class IsLast>
void scan_publications(IsLast &&is_last)
{
    const ::Relation table = ::table_open(PublicationRelationId, AccessShareLock);
    const ::SysScanDesc scan = ::systable_beginscan(table, InvalidOid, false, nullptr, 0, nullptr);
    bool is_found = false;
    while (const ::HeapTuple row = is_found ? nullptr : ::systable_getnext(scan))
        is_found = is_last(fixed_part<FormData_pg_publication>(row));
    ::systable_endscan(scan);
    ::table_close(table, AccessShareLock);
}

} // namespace

// No index finds those FOR ALL TABLES.
Array<Publication> read_publications(std::span<const ::Oid> oids)
{
    Array<Publication> publications;
    scan_publications([&](const FormData_pg_publication &row) {
        if (row.puballtables || publishes_sequences(row) ||
            std::binary_search(oids.begin(), oids.end(), row.oid))
            publications.push(publication_of(row));
        return false;
    });
    std::sort(publications.begin(), publications.end(),
              [](const Publication &left, const Publication &right) { return left.oid < right.oid; });
    return publications;
}

bool is_any_of_writes()
{
    bool is_found = false;
    scan_publications(
        [&](const FormData_pg_publication &row) { return is_found = row.pubupdate || row.pubdelete; });
    return is_found;
}

namespace {

std::optional<Publication> publication_of(::HeapTuple row)
{
    if (!HeapTupleIsValid(row))
        return {};
    const Publication publication = publication_of(fixed_part<FormData_pg_publication>(row));
    ::ReleaseSysCache(row);
    return publication;
}

} // namespace

std::optional<Publication> read_publication(const char *name)
{
    return publication_of(::SearchSysCache1(::PUBLICATIONNAME, CStringGetDatum(name)));
}

std::optional<Publication> read_publication(::Oid oid)
{
    return publication_of(::SearchSysCache1(::PUBLICATIONOID, ObjectIdGetDatum(oid)));
}

bool is_owned(const Publication &publication)
{
    return ::has_privs_of_role(::GetUserId(), publication.owner);
}

bool publishes_schema(::Oid publication, ::Oid schema)
{
    return ::SearchSysCacheExists2(::PUBLICATIONNAMESPACEMAP, ObjectIdGetDatum(schema),
                                   ObjectIdGetDatum(publication));
}

Array<PublishedSchema> read_published_schemas(std::span<const ::Oid> schemas)
{
    Array<PublishedSchema> published;
    with_catalog(PublicationNamespaceRelationId, PublicationNamespacePnnspidPnpubidIndexId,
                 [&](const Catalog &catalog) {
                     catalog.scan_each(Anum_pg_publication_namespace_pnnspid, schemas, [&](::HeapTuple row) {
                         const auto &fixed = fixed_part<FormData_pg_publication_namespace>(row);
                         published.push({.publication = fixed.pnpubid, .schema = fixed.pnnspid});
                     });
                 });
    std::sort(published.begin(), published.end(),
              [](const PublishedSchema &left, const PublishedSchema &right) {
                  return left.publication != right.publication ? left.publication < right.publication
                                                               : left.schema < right.schema;
              });
    return published;
}

Array<::Oid> read_schema_publications()
{
    Array<::Oid> publications;
    with_catalog(PublicationNamespaceRelationId, PublicationNamespaceObjectIndexId,
                 [&](const Catalog &catalog) {
                     catalog.scan({}, [&](::HeapTuple row) {
                         publications.push(fixed_part<FormData_pg_publication_namespace>(row).pnpubid);
                     });
                 });
    sort_unique(publications);
    return publications;
}

bool is_empty(::Oid publication)
{
    return !has_row(PublicationRelRelationId, PublicationRelPrpubidIndexId, Anum_pg_publication_rel_prpubid,
                    publication) &&
           !has_row(PublicationNamespaceRelationId, InvalidOid, Anum_pg_publication_namespace_pnpubid,
                    publication);
}

} // namespace dj_deploy
