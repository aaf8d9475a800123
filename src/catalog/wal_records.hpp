// By how much an old row lengthens the WAL record of an UPDATE or DELETE.
#pragma once

#include "catalog/tuple_layout.hpp"

namespace dj_deploy {

// Of a row as it is stored, with so many bytes more from the TOAST table.
double update_growth(const TupleBytes &stored, double toast);
double delete_growth(const TupleBytes &stored, double toast);

} // namespace dj_deploy
