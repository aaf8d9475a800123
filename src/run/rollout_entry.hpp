// What ALTER PUBLICATION says of a table that joins or leaves.
#pragma once

#include "publishing/facts.hpp"

namespace dj_deploy {

// The column list and row filter of an entry; null when it has none.
const Narrowing *narrowing_of(const ::PublicationTable &entry, ::Oid table);

// The tables that it is about: without ONLY, what inherits from the table comes along.
Array<::Oid> tables_of(const ::PublicationTable &entry, ::Oid table);

} // namespace dj_deploy
