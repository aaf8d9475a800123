// An environment document in the making: what schemas have in common is said of the schema, the rest of
// tables.
#pragma once

#include "environment/resolved.hpp"

namespace dj_deploy {

struct Description {
    ResolvedEnvironment resolved; // what has been said so far
    Array<SchemaSettings *> schemas;
    Array<PublicationSettings> publications;
    std::size_t described; // so many of the schemas are those asked for; the others only have tables

    // Nothing said yet. Names each once. 3F000 and 42501 for names that are no user schemas.
    static Description of(std::span<const char *const> schemas);

    // The tables of the schema; those of extensions are among them, of which no document speaks.
    std::span<const Table> tables_of(std::size_t schema) const
    {
        return resolved.schemas[schema].tables.view();
    }

    // What is said of a table itself, to be added to; the table may live in another schema.
    TableSettings &entry_for(const Table &table);
};

// Each says one kind of thing. NOTICE for what a document has no words for.
void describe_identities(Description &description);
void describe_publications(Description &description);
void describe_vacuum(Description &description);
void describe_grants(Description &description);

// The document as jsonb.
::Datum make_document(const Description &description);

} // namespace dj_deploy
