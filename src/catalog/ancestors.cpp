// Reads pg_inherits through the server.
#include "catalog/ancestors.hpp"

namespace dj_deploy {

Array<::Oid> read_ancestors(::Oid table)
{
    Array<::Oid> ancestors;
    // The server's function follows inheritance of any kind.
    const ::List *list = ::get_rel_relispartition(table) ? ::get_partition_ancestors(table) : NIL;
    for (int index = 0; index < ::list_length(list); index++)
        ancestors.push(::list_nth_oid(list, index));
    return ancestors;
}

} // namespace dj_deploy
