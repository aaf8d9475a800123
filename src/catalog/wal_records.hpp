// By how much an old row lengthens the WAL record of an UPDATE or DELETE.
#pragma once

#include "catalog/tuple_layout.hpp"

namespace dj_deploy {

// An UPDATE writes the new row in any case; stored is its length.
double update_growth(TupleBytes old_row, TupleBytes stored);

double delete_growth(TupleBytes old_row);

} // namespace dj_deploy
