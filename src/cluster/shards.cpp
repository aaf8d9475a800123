// What was read lasts as long as the plan, whoever asks first.
#include "cluster/shards.hpp"

#include "pg/context.hpp"

namespace dj_deploy {

namespace {

// As the catalogs have an array without elements.
::Datum null_if_empty(::Datum array)
{
    return ARR_NDIM(DatumGetArrayTypeP(array)) == 0 ? 0 : array;
}

::Datum options_of(const Row &row, int column)
{
    const Array<const char *> options = row.strings(column);
    return null_if_empty(Parameter(options.view()).value);
}

} // namespace

const char *DifferingShards::text() const
{
    const char *named = ::psprintf("shard \"%s\" on node \"%s\"", first, node);
    return count == 1 ? named
                      : ::psprintf("%s and " INT64_FORMAT " more", named, static_cast<::int64>(count - 1));
}

bool DifferingShards::has_identity_of(const Table &other) const
{
    if (replica_identity != other.replica_identity)
        return false;
    if (identity_index == nullptr || other.identity_index == nullptr)
        return identity_index == other.identity_index;
    return ::strcmp(identity_index, other.identity_index) == 0;
}

Shards *Shards::of(Array<::Oid> tables)
{
    return keep_value(Shards{.tables = tables});
}

// A node would tell what it was like before this transaction.
void Shards::read()
{
    is_read = true;
    const Sharded sharded = Sharded::find(tables.view());
    if (sharded.engine != nullptr && sharded.is_in_use)
        return note_unasked("this transaction has used some already");
    ask_nodes(sharded, &Engine::differing_shards, [&](const Row &row) {
        found.push({.table = row.oid(3),
                    .node = row.string(1),
                    .first = row.string(4),
                    .count = row.bigint(5),
                    .replica_identity = row.string(6)[0],
                    .identity_index = row.string(7),
                    .options = options_of(row, 8),
                    .toast_options = options_of(row, 9),
                    .privileges = null_if_empty(row.copy(10, ACLITEMARRAYOID)),
                    .in_columns = null_if_empty(row.copy(11, ACLITEMARRAYOID))});
    });
}

std::span<const DifferingShards> Shards::differing(::Oid table)
{
    if (!is_read)
        in_context(tables.context, [&] { read(); });
    const auto is_before = [](const DifferingShards &shards, ::Oid other) { return shards.table < other; };
    const auto begin = std::lower_bound(found.begin(), found.end(), table, is_before);
    const auto end = std::find_if(begin, found.end(),
                                  [&](const DifferingShards &shards) { return shards.table != table; });
    return {begin, end};
}

} // namespace dj_deploy
