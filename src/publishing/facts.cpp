// Reads pg_class, pg_publication_rel, pg_publication_namespace, pg_index and pg_attribute.
#include "publishing/facts.hpp"

#include "catalog/ancestors.hpp"
#include "catalog/children.hpp"
#include "pg/query.hpp"
#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

template <class T>
std::span<const T> kept(const Array<T> &items)
{
    return items.view();
}

void sort_unique(Array<::Oid> &oids)
{
    std::sort(oids.begin(), oids.end());
    oids.count = std::unique(oids.begin(), oids.end()) - oids.begin();
}

#if PG_VERSION_NUM >= 190000
bool is_excepted(const FormData_pg_publication_rel &row)
{
    return row.prexcept;
}
#else
bool is_excepted(const FormData_pg_publication_rel &)
{
    return false;
}
#endif

// Numbers of an int2vector.
::Bitmapset *columns_of_list(::Datum value)
{
    const auto *list = reinterpret_cast<const ::int2vector *>(DatumGetPointer(value));
    ::Bitmapset *columns = nullptr;
    for (int index = 0; index < list->dim1; index++)
        columns = ::bms_add_member(columns, list->values[index]);
    return columns;
}

::Bitmapset *columns_of_filter(::Datum value)
{
    ::Bitmapset *offset = nullptr;
    ::pull_varattnos(static_cast<::Node *>(::stringToNode(TextDatumGetCString(value))), 1, &offset);
    ::Bitmapset *columns = nullptr;
    // A whole row, and a system column, count as 0, which is in no key.
    for (int member = -1; (member = ::bms_next_member(offset, member)) >= 0;)
        columns = ::bms_add_member(columns, std::max(member + FirstLowInvalidHeapAttributeNumber, 0));
    return columns;
}

Listing listing_of(::HeapTuple row, ::Relation catalog)
{
    const auto &fixed = fixed_part<FormData_pg_publication_rel>(row);
    Listing listing{.table = fixed.prrelid,
                    .publication = fixed.prpubid,
                    .is_excepted = is_excepted(fixed),
                    .has_list = false,
                    .has_filter = false,
                    .list = nullptr,
                    .filter_uses = nullptr};
    bool is_null = false;
    const ::Datum list =
        heap_getattr(row, Anum_pg_publication_rel_prattrs, RelationGetDescr(catalog), &is_null);
    listing.has_list = !is_null;
    if (!is_null)
        listing.list = columns_of_list(list);
    const ::Datum filter =
        heap_getattr(row, Anum_pg_publication_rel_prqual, RelationGetDescr(catalog), &is_null);
    listing.has_filter = !is_null;
    if (!is_null)
        listing.filter_uses = columns_of_filter(filter);
    return listing;
}

// By table and publication.
Array<Listing> read_listings(std::span<const ::Oid> tables)
{
    Array<Listing> listings;
    with_catalog(PublicationRelRelationId, PublicationRelPrrelidPrpubidIndexId, [&](const Catalog &catalog) {
        catalog.scan_each(Anum_pg_publication_rel_prrelid, tables,
                          [&](::HeapTuple row) { listings.push(listing_of(row, catalog.table)); });
    });
    std::sort(listings.begin(), listings.end(), [](const Listing &left, const Listing &right) {
        return left.table != right.table ? left.table < right.table : left.publication < right.publication;
    });
    return listings;
}

bool can_be_published(char kind)
{
    return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE || kind == RELKIND_FOREIGN_TABLE;
}

// By OID.
Array<Relation> read_relations(std::span<const ::Oid> tables)
{
    Array<Relation> relations;
    with_catalog(RelationRelationId, ClassOidIndexId, [&](const Catalog &catalog) {
        catalog.scan_each(Anum_pg_class_oid, tables, [&](::HeapTuple row) {
            const auto &fixed = fixed_part<FormData_pg_class>(row);
            if (can_be_published(fixed.relkind))
                relations.push({.oid = fixed.oid,
                                .schema = fixed.relnamespace,
                                .kind = fixed.relkind,
                                .persistence = fixed.relpersistence,
                                .identity = fixed.relreplident,
                                .is_partition = fixed.relispartition,
                                .ancestors = {},
                                .listings = {}});
        });
    });
    std::sort(relations.begin(), relations.end(),
              [](const Relation &left, const Relation &right) { return left.oid < right.oid; });
    return relations;
}

Key key_columns(const FormData_pg_index &index)
{
    Array<::AttrNumber> columns;
    for (int number = 0; number < index.indnkeyatts; number++)
        columns.push(index.indkey.values[number]);
    return columns.view();
}

Keys read_keys(::Oid table)
{
    Keys keys{};
    with_catalog(IndexRelationId, IndexIndrelidIndexId, [&](const Catalog &indexes) {
        indexes.scan({{Anum_pg_index_indrelid, table}}, [&](::HeapTuple row) {
            const auto &index = fixed_part<FormData_pg_index>(row);
            if (!index.indisvalid || !index.indimmediate)
                return;
            if (index.indisprimary) {
                keys.primary = index.indexrelid;
                keys.primary_columns = key_columns(index);
            }
            if (index.indisreplident) {
                keys.identity = index.indexrelid;
                keys.identity_columns = key_columns(index);
            }
        });
    });
    return keys;
}

Array<GeneratedColumn> read_generated(::Oid table)
{
    Array<GeneratedColumn> generated;
    with_catalog(AttributeRelationId, AttributeRelidNumIndexId, [&](const Catalog &attributes) {
        attributes.scan({{Anum_pg_attribute_attrelid, table}}, [&](::HeapTuple row) {
            const auto &column = fixed_part<FormData_pg_attribute>(row);
            if (column.attgenerated != '\0' && !column.attisdropped)
                generated.push({.number = column.attnum,
                                .is_stored = column.attgenerated == ATTRIBUTE_GENERATED_STORED});
        });
    });
    return generated;
}

Array<::Oid> read_publications_of_schema(::Oid schema)
{
    Array<::Oid> publications;
    with_catalog(PublicationNamespaceRelationId, PublicationNamespacePnnspidPnpubidIndexId,
                 [&](const Catalog &catalog) {
                     catalog.scan({{Anum_pg_publication_namespace_pnnspid, schema}}, [&](::HeapTuple row) {
                         publications.push(fixed_part<FormData_pg_publication_namespace>(row).pnpubid);
                     });
                 });
    return publications;
}

// Permanent tables among those listed ($1), those of the schemas ($2), or all of them ($3), and their
// partitions.
constexpr const char *published_sql = R"(
    WITH RECURSIVE published AS (
        SELECT c.oid, c.relkind
        FROM pg_catalog.pg_class c
        WHERE c.oid = ANY ($1) OR c.relnamespace = ANY ($2) OR $3 AND c.oid >= 16384
        UNION
        SELECT c.oid, c.relkind
        FROM published p
        JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
    )
    SELECT c.oid
    FROM published p
    JOIN pg_catalog.pg_class c ON c.oid = p.oid
    WHERE c.relkind = 'r' AND c.relpersistence = 'p'
    ORDER BY c.oid)";

// The schemas that a publication publishes as a whole.
void add_schemas(::Oid publication, Array<::Oid> &schemas)
{
    with_catalog(PublicationNamespaceRelationId, PublicationNamespaceObjectIndexId,
                 [&](const Catalog &catalog) {
                     catalog.scan({}, [&](::HeapTuple row) {
                         const auto &fixed = fixed_part<FormData_pg_publication_namespace>(row);
                         if (fixed.pnpubid == publication)
                             schemas.push(fixed.pnnspid);
                     });
                 });
}

} // namespace

Array<::Oid> read_partitions_of(std::span<const ::Oid> tables)
{
    Array<::Oid> partitions;
    Array<::Oid> parents;
    for (const ::Oid table : tables)
        if (::get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE)
            parents.push(table);
    while (!parents.is_empty()) {
        sort_unique(parents);
        Array<::Oid> children;
        for (const Dependency &link : read_children(parents.view()))
            children.push(link.child);
        for (const ::Oid child : children)
            partitions.push(child);
        parents = children;
    }
    return partitions;
}

Array<::AttrNumber> read_columns(::Oid table)
{
    Array<::AttrNumber> columns;
    with_catalog(AttributeRelationId, AttributeRelidNumIndexId, [&](const Catalog &attributes) {
        attributes.scan({{Anum_pg_attribute_attrelid, table}}, [&](::HeapTuple row) {
            const auto &column = fixed_part<FormData_pg_attribute>(row);
            if (column.attnum > 0 && !column.attisdropped)
                columns.push(column.attnum);
        });
    });
    return columns;
}

Array<::Oid> read_listed_tables(::Oid publication)
{
    Array<::Oid> tables;
    with_catalog(PublicationRelRelationId, PublicationRelPrpubidIndexId, [&](const Catalog &catalog) {
        catalog.scan({{Anum_pg_publication_rel_prpubid, publication}}, [&](::HeapTuple row) {
            tables.push(fixed_part<FormData_pg_publication_rel>(row).prrelid);
        });
    });
    return tables;
}

Key read_index_columns(::Oid index)
{
    const ::HeapTuple row = ::SearchSysCache1(::INDEXRELID, ObjectIdGetDatum(index));
    if (!HeapTupleIsValid(row))
        return {};
    const auto &fixed = fixed_part<FormData_pg_index>(row);
    const Key key = fixed.indisvalid && fixed.indimmediate ? key_columns(fixed) : Key{};
    ::ReleaseSysCache(row);
    return key;
}

Array<::Oid> read_published_tables(std::span<const Publication> publications)
{
    Array<::Oid> listed;
    Array<::Oid> schemas;
    bool is_for_all = false;
    for (const Publication &publication : publications) {
        is_for_all |= publication.is_for_all;
        add_schemas(publication.oid, schemas);
        for (const ::Oid table : read_listed_tables(publication.oid))
            listed.push(table);
    }
    Array<::Oid> tables;
    query(
        published_sql, [&](const Row &row) { tables.push(row.oid(1)); }, listed.view(), schemas.view(),
        is_for_all);
    return tables;
}

Facts Facts::read(std::span<const ::Oid> tables)
{
    Facts facts{};
    facts.context = ::CurrentMemoryContext;
    facts.publications = read_publications();
    Array<::Oid> oids;
    for (const ::Oid table : tables)
        oids.push(table);
    sort_unique(oids);
    facts.relations = read_relations(oids.view());
    if (std::any_of(facts.relations.begin(), facts.relations.end(),
                    [](const Relation &relation) { return relation.is_partition; })) {
        for (const Relation &relation : facts.relations)
            for (const ::Oid ancestor : read_ancestors(relation.oid))
                oids.push(ancestor);
        sort_unique(oids);
        facts.relations = read_relations(oids.view());
    }
    facts.known_keys.resize(facts.relations.count, nullptr);
    facts.known_generated.resize(facts.relations.count, nullptr);
    const Array<Listing> listings =
        facts.publications.is_empty() ? Array<Listing>{} : read_listings(oids.view());
    const Listing *next = listings.begin();
    Array<::Oid> schemas;
    for (Relation &relation : facts.relations) {
        if (relation.is_partition)
            relation.ancestors = kept(read_ancestors(relation.oid));
        while (next != listings.end() && next->table < relation.oid)
            next++;
        const Listing *first = next;
        while (next != listings.end() && next->table == relation.oid)
            next++;
        relation.listings = {first, next};
        schemas.push(relation.schema);
    }
    sort_unique(schemas);
    for (const ::Oid schema : schemas)
        facts.schemas.push({.schema = schema, .publications = kept(read_publications_of_schema(schema))});
    return facts;
}

const Relation *Facts::find(::Oid table) const
{
    return find_sorted(relations.view(), &Relation::oid, table);
}

const Publication *Facts::publication(::Oid oid) const
{
    return find_sorted(publications.view(), &Publication::oid, oid);
}

std::span<const ::Oid> Facts::publications_of_schema(::Oid schema) const
{
    const SchemaPublications *found = find_sorted(schemas.view(), &SchemaPublications::schema, schema);
    return found == nullptr ? std::span<const ::Oid>{} : found->publications;
}

const Keys &Facts::keys(const Relation &relation) const
{
    const Keys *&known = known_keys[&relation - relations.begin()];
    if (known == nullptr) {
        const ::MemoryContext caller = ::MemoryContextSwitchTo(context);
        auto *keys = static_cast<Keys *>(::palloc(sizeof(Keys)));
        *keys = read_keys(relation.oid);
        known = keys;
        ::MemoryContextSwitchTo(caller);
    }
    return *known;
}

std::span<const GeneratedColumn> Facts::generated(const Relation &relation) const
{
    const Array<GeneratedColumn> *&known = known_generated[&relation - relations.begin()];
    if (known == nullptr) {
        const ::MemoryContext caller = ::MemoryContextSwitchTo(context);
        auto *generated = static_cast<Array<GeneratedColumn> *>(::palloc(sizeof(Array<GeneratedColumn>)));
        *generated = read_generated(relation.oid);
        known = generated;
        ::MemoryContextSwitchTo(caller);
    }
    return known->view();
}

} // namespace dj_deploy
