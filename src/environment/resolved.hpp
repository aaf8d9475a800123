// The environment document beside the catalog: its names are objects, and each table knows what the document
// says of it.
#pragma once

#include "catalog/tables.hpp"
#include "request/environment.hpp"

namespace dj_deploy {

struct NamedTable {
    ::Oid oid;
    const TableSettings *settings;
};

struct ResolvedSchema {
    ::Oid oid;
    const SchemaSettings *settings;
    Array<Table> tables; // hidden ones, members of extensions and partitions that live elsewhere, too; their
                         // value is pg_class.reloptions

    // With its tables read from the catalog.
    static ResolvedSchema of(::Oid schema, const SchemaSettings *settings);
};

// Settings that count for a table, but of a hidden table's schema only those about vacuum.
struct AppliedSettings {
    const Settings *settings;
    bool is_own; // given at the table itself
    bool is_for_vacuum_only;
};

struct IdentityChoice {
    char identity; // 0 when the document does not say
    const char *index;
};

struct ResolvedEnvironment {
    Array<ResolvedSchema> schemas; // as in the document
    Array<NamedTable> named;       // the tables that the document names, by OID

    // 3F000, 42P01, 42809 and 42501 for names that are not such objects.
    static ResolvedEnvironment of(const Environment &environment);

    // What the document says at the table; null when it does not name it.
    const TableSettings *find(::Oid table) const;

    // What counts for a table, the most general first: what is said of its root's schema, of its own, of the
    // partitioned tables above it, of the table.
    Array<AppliedSettings> settings_of(const Table &table) const;

private:
    const SchemaSettings *find_schema(::Oid schema) const;
};

// Which identity the table is to have; an index that is given above it means nothing to it.
IdentityChoice chosen_identity(std::span<const AppliedSettings> settings);

// The parameters of all of them, a later value instead of an earlier one; by name.
Array<StorageParameter> merged_parameters(std::span<const AppliedSettings> settings);

} // namespace dj_deploy
