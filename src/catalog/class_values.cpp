// Reads pg_class by OID.
#include "catalog/class_values.hpp"

#include "pg/scan.hpp"

namespace dj_deploy {

namespace {

bool are_same(::Datum left, ::Datum right)
{
    const void *left_value = DatumGetPointer(left);
    const void *right_value = DatumGetPointer(right);
    return left_value != nullptr && VARSIZE_ANY(left_value) == VARSIZE_ANY(right_value) &&
           ::memcmp(left_value, right_value, VARSIZE_ANY(left_value)) == 0;
}

} // namespace

::Datum SharedValue::read(::HeapTuple row, ::AttrNumber column, ::Relation table)
{
    bool is_null = false;
    const ::Datum stored = heap_getattr(row, column, RelationGetDescr(table), &is_null);
    if (is_null)
        return 0;
    const ::Datum value = PointerGetDatum(PG_DETOAST_DATUM_COPY(stored));
    if (are_same(last, value))
        ::pfree(DatumGetPointer(value));
    else
        last = value;
    return last;
}

Array<ClassValue> read_class_values(::AttrNumber column, std::span<const ::Oid> relations)
{
    Array<ClassValue> values;
    SharedValue shared{};
    with_catalog(RelationRelationId, ClassOidIndexId, [&](const Catalog &classes) {
        classes.scan_each(Anum_pg_class_oid, relations, [&](::HeapTuple row) {
            if (const ::Datum value = shared.read(row, column, classes.table))
                values.push({.relation = fixed_part<FormData_pg_class>(row).oid, .value = value});
        });
    });
    std::sort(values.begin(), values.end(),
              [](const ClassValue &left, const ClassValue &right) { return left.relation < right.relation; });
    return values;
}

::Datum find_class_value(std::span<const ClassValue> values, ::Oid relation)
{
    const ClassValue *found = find_sorted(values, &ClassValue::relation, relation);
    return found != nullptr ? found->value : 0;
}

const char *find_option(::Datum options, std::string_view name)
{
    if (options == 0)
        return nullptr;
    ::Datum *elements = nullptr;
    int count = 0;
    ::deconstruct_array(DatumGetArrayTypeP(options), TEXTOID, -1, false, TYPALIGN_INT, &elements, nullptr,
                        &count);
    for (int index = 0; index < count; index++) {
        const char *element = TextDatumGetCString(elements[index]);
        if (std::string_view(element).starts_with(name) && element[name.size()] == '=')
            return element;
    }
    return nullptr;
}

} // namespace dj_deploy
