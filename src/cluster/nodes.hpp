// Asking the nodes of a cluster. Nothing is asked where no table has shards.
#pragma once

#include "cluster/engine.hpp"
#include "pg/query.hpp"

namespace dj_deploy {

// Those of some tables that have shards.
struct Sharded {
    const Engine *engine; // null where none has any
    Array<::Oid> tables;  // by OID
    bool is_in_use;       // this transaction has read or changed shards
    const char *refusal;  // why the caller may not ask; null when it may

    static Sharded find(std::span<const ::Oid> tables);

    bool has(::Oid table) const { return std::binary_search(tables.begin(), tables.end(), table); }
};

// A NOTICE that shards do not count, and why.
void note_unasked(const char *reason);

// True for the row of a node that has not answered, after a NOTICE about it.
bool is_silent(const Row &row);

// Calls on_row(Row) for each row that answers the question. Whoever may not ask, or gets no answer from a
// node, is told by a NOTICE. Only the question for statistics asks whether columns count.
template <class OnRow>
void ask_nodes(const Sharded &sharded, const char *Engine::*question, OnRow &&on_row,
               bool has_columns = false)
{
    if (sharded.engine == nullptr)
        return;
    if (sharded.refusal != nullptr)
        return note_unasked(sharded.refusal);
    query(
        sharded.engine->*question,
        [&](const Row &row) {
            if (!is_silent(row))
                on_row(row);
        },
        sharded.tables.view(), has_columns);
}

} // namespace dj_deploy
