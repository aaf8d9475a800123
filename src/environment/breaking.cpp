// Judges the environment as it will be when all is done: one part may break what another one mends.
#include "environment/breaking.hpp"

#include "catalog/membership.hpp"
#include "pg/oid_set.hpp"
#include "planners/replica_identity.hpp"

namespace dj_deploy {

namespace {

struct JudgedTable {
    ::Oid oid;
    const char *schema;
    const char *name;
    Identity before;
    Identity after;
};

// The tables of other schemas that publications with other options publish.
void add_published_elsewhere(const Parts &parts, Array<Table> &tables)
{
    Array<::Oid> publications;
    for (const PublicationOptions &publication : parts.intent.publications)
        publications.push(publication.oid);
    if (publications.is_empty())
        return;
    const OidSet known = OidSet::make("dj_deploy judged tables");
    for (const Table &table : tables)
        known.add(table.oid);
    for (const ::Oid oid : read_published_tables(publications.view())) {
        if (!known.add(oid))
            continue;
        const Array<Table> found = read_tables({.schema = InvalidOid, .table = oid}, {});
        for (const Table &table : found)
            tables.push(table);
    }
}

Array<JudgedTable> tables_to_judge(const Parts &parts)
{
    Array<Table> tables;
    for (const Table *table : parts.tables)
        tables.push(*table);
    add_published_elsewhere(parts, tables);

    Array<Identity> planned;
    for (const Identity &identity : parts.identities)
        planned.push(identity);
    std::sort(planned.begin(), planned.end(),
              [](const Identity &left, const Identity &right) { return left.table < right.table; });
    Array<JudgedTable> judged;
    for (const Table &table : tables) {
        const Identity before = present_identity(table);
        const Identity *after = find_sorted(planned.view(), &Identity::table, table.oid);
        judged.push({.oid = table.oid,
                     .schema = table.schema,
                     .name = table.name,
                     .before = before,
                     .after = after != nullptr ? *after : before});
    }
    return judged;
}

Array<BrokenWrite> read_broken(std::span<const JudgedTable> tables, Identity JudgedTable::*identity,
                               const PublicationIntent &intent)
{
    Array<Identity> identities;
    for (const JudgedTable &table : tables)
        identities.push(table.*identity);
    return read_broken_writes(identities.view(), intent);
}

std::span<const BrokenWrite> rows_of(std::span<const BrokenWrite> broken, ::Oid table)
{
    const auto rows = std::equal_range(
        broken.begin(), broken.end(),
        BrokenWrite{.table = table,
                    .publication = nullptr,
                    .is_update = false,
                    .is_delete = false,
                    .hazard = WriteHazard::none},
        [](const BrokenWrite &left, const BrokenWrite &right) { return left.table < right.table; });
    return {rows.first, rows.second};
}

// The first of a table's hazards that makes an UPDATE or DELETE fail that does not fail already, with no
// others.
bool begins_to_fail(::Oid table, std::span<const BrokenWrite> before, std::span<const BrokenWrite> after,
                    BrokenWrite &begun)
{
    bool fails_update = false;
    bool fails_delete = false;
    for (const BrokenWrite &write : rows_of(before, table)) {
        fails_update |= write.is_update;
        fails_delete |= write.is_delete;
    }
    for (const BrokenWrite &write : rows_of(after, table)) {
        begun = write;
        begun.is_update = write.is_update && !fails_update;
        begun.is_delete = write.is_delete && !fails_delete;
        if (begun.is_update || begun.is_delete)
            return true;
    }
    return false;
}

bool is_allowed(const ResolvedEnvironment &resolved, ::Oid table)
{
    const auto allows = [&](::Oid oid) {
        const TableSettings *settings = resolved.find(oid);
        return settings != nullptr && settings->allows_breaking_writes;
    };
    const Array<::Oid> ancestors = read_ancestors(table);
    return allows(table) || std::any_of(ancestors.begin(), ancestors.end(), allows);
}

} // namespace

Identity present_identity(const Table &table)
{
    const bool has_index =
        table.replica_identity == REPLICA_IDENTITY_INDEX && table.identity_index != nullptr;
    return {.table = table.oid,
            .kind = table.replica_identity,
            .index = has_index ? ::get_relname_relid(table.identity_index, table.schema_oid) : InvalidOid};
}

Array<Remark> judge_writes(Parts &parts)
{
    Array<Remark> refused;
    const PublicationIntent &intent = parts.intent;
    if (parts.identities.is_empty() && intent.publications.is_empty() && intent.added.is_empty() &&
        intent.dropped.is_empty())
        return refused;
    const Array<JudgedTable> tables = tables_to_judge(parts);
    const Array<BrokenWrite> after = read_broken(tables.view(), &JudgedTable::after, intent);
    if (after.is_empty())
        return refused;
    const Array<BrokenWrite> before = read_broken(tables.view(), &JudgedTable::before, {});
    for (const JudgedTable &table : tables) {
        BrokenWrite begun{};
        if (!begins_to_fail(table.oid, before.view(), after.view(), begun))
            continue;
        const char *index = OidIsValid(table.after.index) ? ::get_rel_name(table.after.index) : nullptr;
        Remark remark =
            remark_of(begun, table.schema, table.name, {.kind = table.after.kind, .index = index});
        remark.hint = nullptr; // which speaks of the arguments of set_replica_identity
        (is_allowed(parts.resolved, table.oid) ? parts.plan.remarks : refused).push(remark);
    }
    return refused;
}

} // namespace dj_deploy
