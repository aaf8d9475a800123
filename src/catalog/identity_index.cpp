// The rules of the server's ATExecReplicaIdentity().
#include "catalog/identity_index.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

bool has_nullable_column(const FormData_pg_index &index)
{
    for (int number = 0; number < index.indnkeyatts; number++) {
        const ::HeapTuple row = ::SearchSysCache2(::ATTNUM, ObjectIdGetDatum(index.indrelid),
                                                  Int16GetDatum(index.indkey.values[number]));
        const bool is_nullable = !HeapTupleIsValid(row) || !fixed_part<FormData_pg_attribute>(row).attnotnull;
        if (HeapTupleIsValid(row))
            ::ReleaseSysCache(row);
        if (is_nullable)
            return true;
    }
    return false;
}

const char *fault_of(::HeapTuple row)
{
    const auto &index = fixed_part<FormData_pg_index>(row);
    if (!index.indisunique)
        return "it is not unique";
    if (!index.indimmediate)
        return "it is deferrable";
    if (!heap_attisnull(row, Anum_pg_index_indexprs, nullptr))
        return "it is an expression index";
    if (!heap_attisnull(row, Anum_pg_index_indpred, nullptr))
        return "it is a partial index";
    if (!index.indisvalid)
        return "it is not valid";
    return has_nullable_column(index) ? "it has nullable columns" : nullptr;
}

} // namespace

const char *identity_index_fault(::Oid table, ::Oid index)
{
    const ::HeapTuple row = ::SearchSysCache1(::INDEXRELID, ObjectIdGetDatum(index));
    if (!HeapTupleIsValid(row))
        return "it is not an index";
    const char *fault = fixed_part<FormData_pg_index>(row).indrelid == table
                            ? fault_of(row)
                            : "it is an index of another table";
    ::ReleaseSysCache(row);
    return fault;
}

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

} // namespace dj_deploy
