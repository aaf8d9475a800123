// Reads pg_publication, pg_publication_rel and pg_publication_namespace.
#include "keys/publication_facts.hpp"

namespace dj_deploy {

// What is planned is by name, too.
Array<NamedPublication> NamedPublication::all_of(const Draft &draft)
{
    Array<NamedPublication> named;
    const Array<Publication> &planned = draft.intent.publications;
    const Publication *next = planned.begin();
    for (const PublicationSettings &settings : named_publications(draft.environment)) {
        const Publication known =
            read_publication(settings.name).value_or(publication_to_make(InvalidOid, settings.name));
        const bool is_planned = next != planned.end() && ::strcmp(next->name, known.name) == 0;
        named.push({.known = known,
                    .oid = is_planned ? next->oid : known.oid,
                    .is_via_root = is_planned ? next->is_via_root : known.is_via_root});
        next += is_planned;
    }
    return named;
}

KnownMembers KnownMembers::read(const Draft &draft, std::span<const NamedPublication> publications)
{
    Array<::Oid> oids;
    for (const NamedPublication &publication : publications)
        if (OidIsValid(publication.known.oid))
            oids.push(publication.known.oid);
    std::sort(oids.begin(), oids.end());
    Array<::Oid> schemas;
    for (const ResolvedSchema &schema : draft.resolved.schemas)
        schemas.push(schema.oid);
    std::sort(schemas.begin(), schemas.end());
    KnownMembers known{.memberships = Memberships::of(oids.view()),
                       .schemas = read_published_schemas(schemas.view()),
                       .of_schemas = {}};
    if (std::any_of(oids.begin(), oids.end(), [&](::Oid oid) { return known.memberships.of(oid).empty(); }))
        known.of_schemas = read_schema_publications();
    return known;
}

bool KnownMembers::publishes_schemas(::Oid publication) const
{
    return find_sorted(schemas.view(), &PublishedSchema::publication, publication) != nullptr;
}

bool KnownMembers::is_empty(::Oid publication) const
{
    return memberships.of(publication).empty() &&
           !std::binary_search(of_schemas.begin(), of_schemas.end(), publication);
}

} // namespace dj_deploy
