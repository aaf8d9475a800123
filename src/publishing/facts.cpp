// Reads pg_class, pg_publication_namespace, pg_index and pg_attribute.
#include "publishing/facts.hpp"

#include "catalog/ancestors.hpp"
#include "pg/oid_set.hpp"
#include "pg/scan.hpp"
#include "publishing/listings.hpp"

namespace dj_deploy {

namespace {

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

// Adds those that list one of the relations; then each is there once, sorted.
void add_publications(const Array<Relation> &relations, Array<::Oid> &publications)
{
    OidSet known = OidSet::make("dj_deploy publications");
    for (const Relation &relation : relations)
        for (const Listing &listing : relation.listings)
            if (known.add(listing.publication))
                publications.push(listing.publication);
    known.destroy();
    sort_unique(publications);
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

} // namespace

Facts Facts::read(std::span<const ::Oid> tables, std::span<const ::Oid> others)
{
    Facts facts{};
    facts.context = ::CurrentMemoryContext;
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
    add_listings(facts.relations, oids.view());
    Array<::Oid> schemas;
    for (Relation &relation : facts.relations) {
        if (relation.is_partition)
            relation.ancestors = read_ancestors(relation.oid).view();
        schemas.push(relation.schema);
    }
    sort_unique(schemas);
    for (const ::Oid schema : schemas)
        facts.schemas.push({.schema = schema, .publications = read_publications_of_schema(schema).view()});
    Array<::Oid> publications;
    for (const ::Oid other : others)
        publications.push(other);
    for (const SchemaPublications &schema : facts.schemas)
        for (const ::Oid publication : schema.publications)
            publications.push(publication);
    add_publications(facts.relations, publications);
    facts.publications = read_publications(publications.view());
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
