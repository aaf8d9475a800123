// An environment document in the making: what schemas have in common is said of the schema, the rest of
// tables.
#pragma once

#include "environment/resolved.hpp"
#include "publishing/facts.hpp"

namespace dj_deploy {

// The same tables, partitioned ones before their partitions; else in their order.
Array<const Table *> from_the_top(std::span<const Table *const> tables);

struct Description {
    ResolvedEnvironment resolved; // what has been said so far
    Settings settings;            // of the document as a whole
    Array<SchemaSettings *> schemas;
    std::size_t described; // so many of the schemas are those asked for; the others only have tables

    // Nothing said yet. Names each once. 3F000 and 42501 for names that are no user schemas.
    static Description of(std::span<const char *const> schemas);

    // The tables of the schema; those of extensions are among them, of which no document speaks.
    std::span<const Table> tables_of(std::size_t schema) const
    {
        return resolved.schemas[schema].tables.view();
    }

    // What publications list of the described tables; read once for all keys.
    const Facts &publishing();

    // The publications that publish a described schema as a whole; by OID.
    Array<::Oid> schema_publications() const;

    // What is said of a table itself, to be added to; the table may live in another schema.
    Settings &settings_of(const Table &table);

    // All tables that the document may speak of, from the top: what is said of a partitioned table counts for
    // its partitions, too.
    Array<const Table *> all_tables() const;

    // Says of the schemas what is most frequent among the tables for which that counts, and of tables what
    // differs. value_of(table) is what the table has: a std::optional<K>, without value for a table that
    // cannot have any.
    template <DocumentKey K, class ValueOf>
    void describe_values(ValueOf &&value_of)
    {
        for (std::size_t index = 0; index < described; index++) {
            Array<K> values;
            for (const Table &table : tables_of(index))
                if (!table.is_member && resolved.counts(key_of<K>, resolved.schemas[index].oid, table))
                    if (const std::optional<K> value = value_of(table))
                        values.push(*value);
            if (const K *common = most_frequent<K>(values.view()))
                schemas[index]->settings.set(*common);
        }
        for (const Table *table : all_tables()) {
            const std::optional<K> value = value_of(*table);
            if (value && resolved.value_for<K>(*table).value_or(K::unsaid()) != *value)
                settings_of(*table).set(*value);
        }
    }

private:
    const Facts *known_publishing;

    // Of what can be said of a schema. Of equally frequent ones what a table has by itself, else the first.
    template <class K>
    static const K *most_frequent(std::span<const K> values)
    {
        struct Counted {
            const K *value;
            std::size_t count;
        };
        Array<Counted> distinct;
        for (const K &value : values) {
            if (!value.is_for_schema())
                continue;
            const auto known = std::find_if(distinct.begin(), distinct.end(),
                                            [&](const Counted &other) { return *other.value == value; });
            if (known != distinct.end())
                known->count++;
            else
                distinct.push({.value = &value, .count = 1});
        }
        const auto is_less = [](const Counted &left, const Counted &right) {
            return left.count != right.count ? left.count < right.count : *right.value == K::unsaid();
        };
        const auto most = std::max_element(distinct.begin(), distinct.end(), is_less);
        return most != distinct.end() ? most->value : nullptr;
    }
};

// The document as jsonb.
::Datum make_document(const Description &description);

} // namespace dj_deploy
