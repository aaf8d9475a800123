// The environment document beside the catalog: its names are objects, and each table knows what the document
// says of it.
#pragma once

#include "catalog/tables.hpp"
#include "environment/patterns.hpp"

namespace dj_deploy {

struct NamedTable {
    ::Oid oid;
    const TableSettings *settings;
};

struct ResolvedSchema {
    ::Oid oid;
    const SchemaSettings *settings;
    Array<Table> tables; // hidden ones, members of extensions and partitions that live elsewhere, too; with
                         // their options

    // With its tables read from the catalog.
    static ResolvedSchema of(::Oid schema, const SchemaSettings *settings, std::span<const ::Oid> members);
};

struct ResolvedEnvironment {
    Array<ResolvedSchema> schemas; // those that the document covers
    Array<NamedTable> named;       // the tables that the document names, by OID
    Array<::Oid> members;          // relations of extensions, sorted

    // 3F000, 42P01, 42809 and 42501 for names that are not such objects, 22023 for patterns that contradict
    // each other. NOTICE for what patterns name in vain.
    static ResolvedEnvironment of(const Environment &environment, Array<Remark> &notices);

    // Whether an entry or a pattern is about the schema.
    bool covers(::Oid schema) const { return find_schema(schema) != nullptr; }

    // What the document says at the table; null when it does not name it.
    const TableSettings *find(::Oid table) const;

    // Whether what is said of the schema counts for the table: one of its own, or a partition of one.
    static bool counts(const Key &key, ::Oid schema, const Table &table);

    // Adds the values of the key that count for a table, the most general first: what is said of its root's
    // schema, of its own, of the partitioned tables above it, of the table.
    void add_values(const Key &key, const Table &table, Array<const void *> &values) const;

    // These as one; nothing when the document does not say.
    template <DocumentKey K>
    std::optional<K> value_for(const Table &table) const
    {
        Array<const void *> values;
        add_values(key_of<K>, table, values);
        return as_one<K>(values.view());
    }

    template <DocumentKey K>
    static std::optional<K> as_one(std::span<const void *const> values)
    {
        const void *one = nullptr;
        for (const void *value : values)
            one = one != nullptr ? key_of<K>.over(value, one) : value;
        return one != nullptr ? std::optional<K>(*static_cast<const K *>(one)) : std::nullopt;
    }

private:
    const SchemaSettings *find_schema(::Oid schema) const;
};

} // namespace dj_deploy
