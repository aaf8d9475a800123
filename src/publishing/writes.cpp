// Which writes fail: the rules of CheckCmdReplicaIdentity() and RelationBuildPublicationDesc().
#include "publishing/scenario.hpp"

namespace dj_deploy {

namespace {

bool has_column(Columns key, ::AttrNumber column)
{
    return std::find(key.begin(), key.end(), column) != key.end();
}

// The number that a column of one table has in another one, by its name; 0 when it has none.
::AttrNumber number_in(const Relation &from, ::AttrNumber column, const Relation &to)
{
    if (from.oid == to.oid)
        return column;
    const char *name = ::get_attname(from.oid, column, true);
    return name == nullptr ? InvalidAttrNumber : ::get_attnum(to.oid, name);
}

bool lacks_key_column(const Publishing &publishing, const Relation &table, Columns key)
{
    return std::any_of(key.begin(), key.end(), [&](::AttrNumber column) {
        return !covers(*publishing.as, publishing.narrowing->list, table, column);
    });
}

bool reads_beyond(const Publishing &publishing, const Relation &table, Columns key)
{
    for (int column = -1; (column = ::bms_next_member(publishing.narrowing->filter_uses, column)) >= 0;) {
        const auto number = static_cast<::AttrNumber>(column);
        if (number == 0 || !has_column(key, number_in(*publishing.as, number, table)))
            return true;
    }
    return false;
}

} // namespace

bool covers(const Relation &from, ::Bitmapset *columns, const Relation &table, ::AttrNumber column)
{
    const ::AttrNumber number = number_in(table, column, from);
    return number > 0 && ::bms_is_member(number, columns);
}

bool Scenario::shows_generated(const Publishing &publishing, const Relation &table,
                               const GeneratedColumn &column) const
{
    if (publishing.narrowing != nullptr && publishing.narrowing->has_list)
        return covers(*publishing.as, publishing.narrowing->list, table, column.number);
    return column.is_stored && publishing.publication->has_generated;
}

WriteHazard Scenario::hazard(const Publishing &publishing, const Relation &table,
                             const IdentityColumns &identity) const
{
    if (identity.is_missing)
        return WriteHazard::no_identity;
    const bool has_list = publishing.narrowing != nullptr && publishing.narrowing->has_list;
    if (has_list && (identity.is_full || lacks_key_column(publishing, table, identity.key)))
        return WriteHazard::column_list;
    if (!identity.is_full && publishing.narrowing != nullptr && publishing.narrowing->has_filter &&
        reads_beyond(publishing, table, identity.key))
        return WriteHazard::row_filter;
    // Before 18 the server asks nothing of generated columns.
    if (PG_VERSION_NUM >= 180000 && !has_list)
        for (const GeneratedColumn &column : facts->generated(table))
            if ((identity.is_full || has_column(identity.key, column.number)) &&
                !shows_generated(publishing, table, column))
                return WriteHazard::generated_column;
    return WriteHazard::none;
}

// Under FULL only column lists matter, and from 18 on generated columns, however many publish the table.
bool Scenario::goes_with_full(const Relation &table) const
{
    const auto is_plain = [](const auto &entry) {
        return entry.narrowing == nullptr || !entry.narrowing->has_list;
    };
    const auto has_no_list = [&](::Oid oid) {
        const Relation *relation = facts->find(oid);
        return std::ranges::all_of(added_to(oid), is_plain) &&
               (relation == nullptr || std::ranges::all_of(relation->listings, is_plain));
    };
    return has_no_list(table.oid) && std::ranges::all_of(table.ancestors, has_no_list) &&
           (PG_VERSION_NUM < 180000 || facts->generated(table).empty());
}

Array<BrokenWrite> Scenario::broken_writes(const Relation &table) const
{
    Array<BrokenWrite> broken;
    if (!table.is_leaf() || (identity(table).kind == REPLICA_IDENTITY_FULL && goes_with_full(table)))
        return broken;
    std::optional<IdentityColumns> identity;
    for (const Publishing &published : publishings(table)) {
        if (!published.publication->has_writes())
            continue;
        if (!identity)
            identity = identity_columns(table);
        const WriteHazard found = hazard(published, table, *identity);
        if (found != WriteHazard::none)
            broken.push({.table = &table,
                         .publication = published.publication,
                         .published_as = published.as,
                         .is_update = published.publication->is_update,
                         .is_delete = published.publication->is_delete,
                         .hazard = found});
    }
    std::sort(broken.begin(), broken.end(), [](const BrokenWrite &left, const BrokenWrite &right) {
        return ::strcmp(left.publication->name, right.publication->name) < 0;
    });
    return broken;
}

} // namespace dj_deploy
