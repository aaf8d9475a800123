// Reads pg_class: a schema's tables through what depends on the schema, partitions through pg_inherits. So
// the cost grows with the tables of the target and not with those of the database.
#include "catalog/tables.hpp"

#include "catalog/children.hpp"
#include "catalog/chunks.hpp"
#include "catalog/class_values.hpp"
#include "catalog/identity_index.hpp"
#include "catalog/shard_test.hpp"
#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

bool is_by_name(const Table *left, const Table *right)
{
    const int names = ::strcmp(left->name, right->name);
    return names != 0 ? names < 0 : ::strcmp(left->schema, right->schema) < 0;
}

Table make_table(const FormData_pg_class &relation, const char *schema)
{
    const bool has_index = relation.relreplident == REPLICA_IDENTITY_INDEX;
    return {
        .oid = relation.oid,
        .schema_oid = relation.relnamespace,
        .owner = relation.relowner,
        .toast = relation.reltoastrelid,
        .schema = schema,
        .name = ::pstrdup(NameStr(relation.relname)),
        .options = 0,
        .privileges = 0,
        .identity_index = has_index ? identity_index_name(relation.oid) : nullptr,
        .relkind = relation.relkind,
        .persistence = relation.relpersistence,
        .replica_identity = relation.relreplident,
        .has_children = relation.relhassubclass,
        .has_indexes = relation.relhasindex,
        .is_partition = relation.relispartition,
        .is_member = false,
        .is_owned = ::has_privs_of_role(::GetUserId(), relation.relowner),
    };
}

bool is_table(const FormData_pg_class &relation)
{
    return relation.relkind == RELKIND_RELATION || relation.relkind == RELKIND_PARTITIONED_TABLE;
}

bool is_of_kind(const FormData_pg_class &relation, const Scope &scope)
{
    switch (relation.relkind) {
    case RELKIND_MATVIEW:
        return scope.has_materialized_views || scope.has_relations;
    case RELKIND_VIEW:
    case RELKIND_FOREIGN_TABLE:
    case RELKIND_SEQUENCE:
        return scope.has_relations;
    default:
        return is_table(relation);
    }
}

// Adds those of the sorted OIDs that satisfy the condition.
template <class Condition>
void add_tables(Array<Table> &tables, std::span<const ::Oid> oids, const Scope &scope, Condition condition)
{
    SharedValue options{};
    SharedValue privileges{};
    with_catalog(RelationRelationId, ClassOidIndexId, [&](const Catalog &relations) {
        relations.scan_each(Anum_pg_class_oid, oids, [&](::HeapTuple row) {
            const auto &relation = fixed_part<FormData_pg_class>(row);
            if (!condition(relation))
                return;
            // Null when the schema was dropped since the scan began.
            const char *schema = ::get_namespace_name(relation.relnamespace);
            if (schema == nullptr)
                return;
            Table table = make_table(relation, schema);
            if (scope.has_options)
                table.options = options.read(row, Anum_pg_class_reloptions, relations.table);
            if (scope.has_privileges)
                table.privileges = privileges.read(row, Anum_pg_class_relacl, relations.table);
            tables.push(table);
        });
    });
}

// Sorted OIDs of the relations that depend in that way on the object, or on any of the catalog for
// InvalidOid.
Array<::Oid> read_dependents(::Oid catalog, ::Oid object, ::DependencyType type)
{
    Array<::Oid> dependents;
    const auto add = [&](::HeapTuple row) {
        const auto &dependency = fixed_part<FormData_pg_depend>(row);
        if (dependency.classid == RelationRelationId && dependency.deptype == type)
            dependents.push(dependency.objid);
    };
    with_catalog(DependRelationId, DependReferenceIndexId, [&](const Catalog &dependencies) {
        const OidKey of_catalog{Anum_pg_depend_refclassid, catalog};
        if (OidIsValid(object))
            dependencies.scan({of_catalog, {Anum_pg_depend_refobjid, object}}, add);
        else
            dependencies.scan({of_catalog}, add);
    });
    sort_unique(dependents);
    return dependents;
}

void add_tables_of_schemas(Array<Table> &tables, const Target &target, const Scope &scope,
                           std::span<const ::Oid> members)
{
    const auto is_member = [&](::Oid relation) {
        return std::binary_search(members.begin(), members.end(), relation);
    };
    const ShardTest shards = ShardTest::find();
    const auto belongs = [&](const FormData_pg_class &relation) {
        const bool is_hidden = NameStr(relation.relname)[0] == '~';
        return target.has_schema(relation.relnamespace) && relation.relpersistence != RELPERSISTENCE_TEMP &&
               is_of_kind(relation, scope) && (scope.has_hidden || !is_hidden) &&
               (scope.has_members || !is_member(relation.oid)) && !shards.is_shard(relation.oid);
    };
    Array<::Oid> relations;
    for (const ::Oid schema : target.schemas)
        for (const ::Oid relation : read_dependents(NamespaceRelationId, schema, ::DEPENDENCY_NORMAL))
            relations.push(relation);
    std::sort(relations.begin(), relations.end());
    add_tables(tables, relations.view(), scope, belongs);
    for (Table &table : tables)
        table.is_member = is_member(table.oid);
}

Array<::Oid> read_partitions(std::span<const ::Oid> parents)
{
    Array<::Oid> partitions;
    for (const Dependency &link : read_children(parents))
        partitions.push(link.child);
    sort_unique(partitions);
    return partitions;
}

// Appends the partitions that are not there yet, level by level.
void add_partitions(Array<Table> &tables, const Scope &scope)
{
    Array<::Oid> known;
    Array<::Oid> parents;
    for (const Table &table : tables) {
        known.push(table.oid);
        if (table.is_partitioned())
            parents.push(table.oid);
    }
    std::sort(known.begin(), known.end());
    std::sort(parents.begin(), parents.end());
    const auto is_new = [&](const FormData_pg_class &relation) {
        return is_of_kind(relation, scope) && !std::binary_search(known.begin(), known.end(), relation.oid);
    };
    for (std::size_t level = tables.count; !parents.is_empty(); level = tables.count) {
        add_tables(tables, read_partitions(parents.view()).view(), scope, is_new);
        parents.count = 0;
        for (const Table &table : tables.view().subspan(level)) {
            known.push(table.oid);
            if (table.is_partitioned())
                parents.push(table.oid);
        }
        std::sort(known.begin(), known.end());
        std::sort(parents.begin(), parents.end());
    }
}

void add_chunks(Array<Table> &tables, const Scope &scope)
{
    Array<::Oid> oids = WithChunks::of(tables.view()).oids;
    std::sort(oids.begin() + tables.count, oids.end());
    add_tables(tables, oids.view().subspan(tables.count), scope, [](const auto &) { return true; });
}

// Appends the sequences that are made and dropped with a column of the tables.
void add_owned_sequences(Array<Table> &tables, const Scope &scope)
{
    Array<::Oid> owned;
    for (const Table &table : tables)
        for (const ::DependencyType type : {::DEPENDENCY_AUTO, ::DEPENDENCY_INTERNAL})
            for (const ::Oid relation : read_dependents(RelationRelationId, table.oid, type))
                owned.push(relation);
    std::sort(owned.begin(), owned.end());
    add_tables(tables, owned.view(), scope,
               [](const FormData_pg_class &relation) { return relation.relkind == RELKIND_SEQUENCE; });
}

} // namespace

// Tables are large, so what is sorted is pointers.
// Each table is moved once: they are large, and so would be a second array of them.
void sort_by_name(Array<Table> &tables)
{
    Array<const Table *> order;
    order.reserve(tables.count);
    for (const Table &table : tables)
        order.push(&table);
    std::sort(order.begin(), order.end(), is_by_name);
    for (std::size_t first = 0; first < tables.count; first++) {
        const Table moved = tables[first];
        std::size_t place = first;
        while (order[place] != &tables[first]) {
            const auto next = static_cast<std::size_t>(order[place] - tables.begin());
            tables[place] = tables[next];
            order[place] = &tables[place];
            place = next;
        }
        tables[place] = moved;
        order[place] = &tables[place];
    }
}

Array<::Oid> read_extension_members()
{
    return read_dependents(ExtensionRelationId, InvalidOid, ::DEPENDENCY_EXTENSION);
}

Array<Table> read_tables(const Target &target, const Scope &scope)
{
    const Array<::Oid> members = OidIsValid(target.table) ? Array<::Oid>{} : read_extension_members();
    return read_tables(target, scope, members.view());
}

Array<Table> read_tables(const Target &target, const Scope &scope, std::span<const ::Oid> members)
{
    Array<Table> tables;
    if (OidIsValid(target.table))
        add_tables(tables, {&target.table, 1}, scope,
                   [&](const FormData_pg_class &relation) { return is_of_kind(relation, scope); });
    else
        add_tables_of_schemas(tables, target, scope, members);
    const bool has_parts = scope.has_parts && OidIsValid(target.table);
    if (scope.has_partitions || has_parts)
        add_partitions(tables, scope);
    if (scope.has_chunks)
        add_chunks(tables, scope);
    if (has_parts)
        add_owned_sequences(tables, scope);
    sort_by_name(tables);
    return tables;
}

} // namespace dj_deploy
