// The part of the skeleton of maintenance that needs no template.
#include "maintenance.hpp"

namespace dj_deploy {

int request_jobs(const Arguments &arguments)
{
    constexpr int most_jobs = 1024;
    const int jobs = arguments.integer("jobs");
    if (jobs < 1 || jobs > most_jobs)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("jobs must be between 1 and %d; got %d", most_jobs, jobs));
    return jobs;
}

const char *reason_to_skip(const Table &table, bool is_for_database_owner)
{
    // Null when the table is gone with its schema; that is found out later.
    if (::SearchSysCacheExists1(::NAMESPACEOID, ObjectIdGetDatum(table.schema_oid)) &&
        ::object_aclcheck(NamespaceRelationId, table.schema_oid, ::GetUserId(), ACL_USAGE) != ::ACLCHECK_OK)
        return "permission denied for its schema";
    if (table.is_owned || has_maintain_privilege(table.oid))
        return nullptr;
    if (is_for_database_owner && ::object_ownercheck(DatabaseRelationId, MyDatabaseId, ::GetUserId()))
        return nullptr;
    return "permission denied to maintain it";
}

} // namespace dj_deploy
