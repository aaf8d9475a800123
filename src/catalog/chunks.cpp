// Which schemas belong to an extension is asked once for neighbours: chunks mostly live in one.
#include "catalog/chunks.hpp"

#include "pg/oid_set.hpp"

namespace dj_deploy {

bool is_schema_of_extension(::Oid schema)
{
    return OidIsValid(schema) && OidIsValid(::getExtensionOfObject(NamespaceRelationId, schema));
}

Array<Dependency> read_chunks(std::span<const ::Oid> tables)
{
    ::Oid known = InvalidOid;
    bool is_of_extension = false;
    const auto is_chunk = [&](::Oid table) {
        const ::Oid schema = ::get_rel_namespace(table);
        if (schema != std::exchange(known, schema))
            is_of_extension = is_schema_of_extension(schema);
        return is_of_extension && !::get_rel_relispartition(table);
    };
    Array<Dependency> chunks;
    for (const Dependency &link : read_children(tables))
        if (is_chunk(link.child))
            chunks.push(link);
    std::sort(chunks.begin(), chunks.end(), [](const Dependency &left, const Dependency &right) {
        return left.parent != right.parent ? left.parent < right.parent : left.child < right.child;
    });
    return chunks;
}

Array<::Oid> read_chunks(::Oid table)
{
    Array<::Oid> chunks;
    for (const Dependency &link : read_chunks(std::span(&table, 1)))
        chunks.push(link.child);
    return chunks;
}

Array<::Oid> parents_among(std::span<const Table> tables)
{
    Array<::Oid> parents;
    for (const Table &table : tables)
        if (table.has_children && !table.is_partitioned())
            parents.push(table.oid);
    std::sort(parents.begin(), parents.end());
    return parents;
}

WithChunks WithChunks::of(std::span<const Table> tables)
{
    WithChunks all{};
    for (std::size_t place = 0; place < tables.size(); place++) {
        all.oids.push(tables[place].oid);
        all.places.push(place);
    }
    const Array<Dependency> chunks = read_chunks(parents_among(tables).view());
    if (chunks.is_empty())
        return all;
    const OidSet known = OidSet::make("dj_deploy tables and chunks");
    for (const Table &table : tables)
        known.add(table.oid);
    for (std::size_t place = 0; place < tables.size(); place++) {
        const ::Oid table = tables[place].oid;
        const Dependency *link = find_sorted(chunks.view(), &Dependency::parent, table);
        for (; link != nullptr && link != chunks.end() && link->parent == table; link++)
            if (known.add(link->child)) {
                all.oids.push(link->child);
                all.places.push(place);
            }
    }
    return all;
}

} // namespace dj_deploy
