// Reads pg_class by OID.
#include "catalog/relation_lists.hpp"

#include "catalog/class_values.hpp"
#include "pg/scan.hpp"

namespace dj_deploy {

Array<OwnedList> read_relation_lists(std::span<const ::Oid> relations)
{
    Array<OwnedList> lists;
    SharedValue shared{};
    with_catalog(RelationRelationId, ClassOidIndexId, [&](const Catalog &classes) {
        classes.scan_each(Anum_pg_class_oid, relations, [&](::HeapTuple row) {
            const OwnedList list{.owner = fixed_part<FormData_pg_class>(row).relowner,
                                 .list = shared.read(row, Anum_pg_class_relacl, classes.table)};
            if (list.list != 0 && (lists.is_empty() || lists[lists.count - 1] != list))
                lists.push(list);
        });
    });
    return lists;
}

} // namespace dj_deploy
