// From the parser's nodes to facts of the model.
#include "run/rollout_entry.hpp"

namespace dj_deploy {

namespace {

// Collects the columns that an expression names, as the parser leaves it.
bool add_named_columns(::Node *node, void *given)
{
    auto *names = static_cast<Array<const char *> *>(given);
    if (node == nullptr)
        return false;
    if (IsA(node, ColumnRef)) {
        ::Node *field = static_cast<::Node *>(llast(castNode(ColumnRef, node)->fields));
        names->push(IsA(field, String) ? strVal(field) : "");
        return false;
    }
    return ::walk_raw_nodes(node, add_named_columns, given);
}

// Numbers of columns by name; one that is not there counts as 0, which is in no key.
::Bitmapset *numbers_of(::Oid table, const Array<const char *> &names)
{
    ::Bitmapset *numbers = nullptr;
    for (const char *name : names)
        numbers = ::bms_add_member(numbers, std::max<int>(::get_attnum(table, name), 0));
    return numbers;
}

} // namespace

const Narrowing *narrowing_of(const ::PublicationTable &entry, ::Oid table)
{
    if (entry.columns == NIL && entry.whereClause == nullptr)
        return nullptr;
    auto *narrowing = static_cast<Narrowing *>(::palloc0(sizeof(Narrowing)));
    Array<const char *> listed;
    for (int index = 0; index < ::list_length(entry.columns); index++)
        listed.push(strVal(::list_nth(entry.columns, index)));
    narrowing->has_list = entry.columns != NIL;
    narrowing->list = numbers_of(table, listed);
    Array<const char *> used;
    add_named_columns(entry.whereClause, &used);
    narrowing->has_filter = entry.whereClause != nullptr;
    narrowing->filter_uses = numbers_of(table, used);
    return narrowing;
}

Array<::Oid> tables_of(const ::PublicationTable &entry, ::Oid table)
{
    Array<::Oid> tables;
    tables.push(table);
    if (entry.relation->inh && ::get_rel_relkind(table) == RELKIND_RELATION)
        for (const ::Oid child : read_heirs_of(table))
            tables.push(child);
    return tables;
}

} // namespace dj_deploy
