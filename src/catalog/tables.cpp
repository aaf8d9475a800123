// Reads pg_class: a schema's tables through what depends on the schema, partitions through pg_inherits. So
// the cost grows with the tables of the target and not with those of the database.
#include "catalog/tables.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

bool is_by_name(const Table &left, const Table &right)
{
    const int names = ::strcmp(left.name, right.name);
    return names != 0 ? names < 0 : ::strcmp(left.schema, right.schema) < 0;
}

// The name of the index that serves as replica identity; null when it has been dropped or is not valid.
const char *identity_index_name(::Oid table)
{
    const char *name = nullptr;
    with_catalog(IndexRelationId, IndexIndrelidIndexId, [&](const Catalog &indexes) {
        indexes.scan({{Anum_pg_index_indrelid, table}}, [&](::HeapTuple row) {
            const auto &index = fixed_part<FormData_pg_index>(row);
            if (index.indisreplident && index.indisvalid)
                name = ::get_rel_name(index.indexrelid);
        });
    });
    return name;
}

Table make_table(const FormData_pg_class &relation)
{
    const bool has_index = relation.relreplident == REPLICA_IDENTITY_INDEX;
    return {
        .oid = relation.oid,
        .schema_oid = relation.relnamespace,
        .schema = ::get_namespace_name(relation.relnamespace),
        .name = ::pstrdup(NameStr(relation.relname)),
        .relkind = relation.relkind,
        .replica_identity = relation.relreplident,
        .identity_index = has_index ? identity_index_name(relation.oid) : nullptr,
        .has_triggers = relation.relhastriggers,
        .has_children = relation.relhassubclass,
        .is_owned = ::has_privs_of_role(::GetUserId(), relation.relowner),
    };
}

// Adds the table that satisfies the condition; a relation that is gone or no table is not added.
template <class Condition>
void add_table(Array<Table> &tables, const Catalog &relations, ::Oid oid, Condition condition)
{
    relations.scan({{Anum_pg_class_oid, oid}}, [&](::HeapTuple row) {
        const auto &relation = fixed_part<FormData_pg_class>(row);
        const bool is_table =
            relation.relkind == RELKIND_RELATION || relation.relkind == RELKIND_PARTITIONED_TABLE;
        if (is_table && condition(relation))
            tables.push(make_table(relation));
    });
}

// Sorted OIDs of the relations that belong to an extension.
Array<::Oid> read_extension_members()
{
    Array<::Oid> members;
    with_catalog(DependRelationId, DependReferenceIndexId, [&](const Catalog &dependencies) {
        dependencies.scan({{Anum_pg_depend_refclassid, ExtensionRelationId}}, [&](::HeapTuple row) {
            const auto &member = fixed_part<FormData_pg_depend>(row);
            if (member.classid == RelationRelationId && member.deptype == DEPENDENCY_EXTENSION)
                members.push(member.objid);
        });
    });
    std::sort(members.begin(), members.end());
    return members;
}

// Citus' own test for a shard, where Citus is installed. A shard is a table that the distributed table stands
// for.
struct ShardTest {
    ::Oid function;

    static ShardTest find()
    {
        ::List *name = list_make2(::makeString(::pstrdup("pg_catalog")),
                                  ::makeString(::pstrdup("relation_is_a_known_shard")));
        const ::Oid argument_types[] = {REGCLASSOID};
        return {::LookupFuncName(name, 1, argument_types, true)};
    }

    bool is_shard(::Oid table) const
    {
        return OidIsValid(function) && DatumGetBool(OidFunctionCall1(function, ObjectIdGetDatum(table)));
    }
};

void add_tables_of_schema(Array<Table> &tables, const Catalog &relations, ::Oid schema,
                          HiddenTables hidden_tables)
{
    const Array<::Oid> members = read_extension_members();
    const ShardTest shards = ShardTest::find();
    const auto belongs = [&](const FormData_pg_class &relation) {
        const bool is_hidden = NameStr(relation.relname)[0] == '~';
        return relation.relnamespace == schema && relation.relpersistence != RELPERSISTENCE_TEMP &&
               (hidden_tables == HiddenTables::included || !is_hidden) &&
               !std::binary_search(members.begin(), members.end(), relation.oid) &&
               !shards.is_shard(relation.oid);
    };
    with_catalog(DependRelationId, DependReferenceIndexId, [&](const Catalog &dependencies) {
        const OidKey of_a_schema{Anum_pg_depend_refclassid, NamespaceRelationId};
        const OidKey of_this_one{Anum_pg_depend_refobjid, schema};
        dependencies.scan({of_a_schema, of_this_one}, [&](::HeapTuple row) {
            const auto &member = fixed_part<FormData_pg_depend>(row);
            if (member.classid == RelationRelationId)
                add_table(tables, relations, member.objid, belongs);
        });
    });
}

// Appends what is not there yet; the list grows while it is walked, so partitions of partitions come too.
void add_partitions(Array<Table> &tables, const Catalog &relations)
{
    Array<::Oid> known;
    for (const Table &table : tables)
        known.push(table.oid);
    std::sort(known.begin(), known.end());

    const auto is_new = [&](const FormData_pg_class &relation) {
        return !std::binary_search(known.begin(), known.end(), relation.oid);
    };
    with_catalog(InheritsRelationId, InheritsParentIndexId, [&](const Catalog &inheritance) {
        for (std::size_t index = 0; index < tables.count; index++) {
            if (!tables[index].is_partitioned())
                continue;
            inheritance.scan({{Anum_pg_inherits_inhparent, tables[index].oid}}, [&](::HeapTuple row) {
                add_table(tables, relations, fixed_part<FormData_pg_inherits>(row).inhrelid, is_new);
            });
        }
    });
}

} // namespace

Array<Table> read_tables(Target target, HiddenTables hidden_tables)
{
    Array<Table> tables;
    with_catalog(RelationRelationId, ClassOidIndexId, [&](const Catalog &relations) {
        if (OidIsValid(target.table))
            add_table(tables, relations, target.table, [](const FormData_pg_class &) { return true; });
        else
            add_tables_of_schema(tables, relations, target.schema, hidden_tables);
        add_partitions(tables, relations);
    });
    std::sort(tables.begin(), tables.end(), is_by_name);
    return tables;
}

} // namespace dj_deploy
