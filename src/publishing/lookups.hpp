// Single facts about tables and publications, for the model and for who asks it.
#pragma once

#include "publishing/publication.hpp"

namespace dj_deploy {

// Column numbers of a key; without items when there is none.
using Columns = std::span<const ::AttrNumber>;

// What identifies rows of a table.
struct Keys {
    ::Oid primary;           // index; InvalidOid when there is none that is valid and not deferrable
    ::Oid identity;          // the same of the index that was chosen as replica identity
    Columns primary_columns; // without those that are only included
    Columns identity_columns;
};

struct GeneratedColumn {
    ::AttrNumber number;
    bool is_stored;
};

Keys read_keys(::Oid table);
Array<GeneratedColumn> read_generated(::Oid table); // by number

// The partitions of these tables, at any level; unsorted.
Array<::Oid> read_partitions_of(std::span<const ::Oid> tables);

// The tables that inherit from the table, at any distance.
Array<::Oid> read_heirs_of(::Oid table);

// The numbers of a table's columns, in order.
Array<::AttrNumber> read_columns(::Oid table);

// The tables that the publication lists, or excepts; in no particular order.
Array<::Oid> read_listed_tables(::Oid publication);

// The columns of an index that identifies rows; none where it is not valid, or deferrable.
Columns read_index_columns(::Oid index);

// The tables whose changes these publications publish, partitions instead of partitioned tables; sorted.
Array<::Oid> read_published_tables(std::span<const Publication> publications);

} // namespace dj_deploy
