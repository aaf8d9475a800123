// What depends on roles in this database. Roles are shared by all databases, so that it may be much although
// little of it is in the schema at hand: it is read from the role's side where that is short, and else from
// that of the objects.
#pragma once

#include "catalog/schema_objects.hpp"

namespace dj_deploy {

struct RoleReference {
    ::Oid role;
    SchemaObject object;
    std::int32_t column; // 0 for the object as a whole
    char how;            // pg_shdepend.deptype
};

// How many rows of pg_shdepend are less work than a look at so many objects.
constexpr std::size_t rows_instead_of(std::size_t objects)
{
    return 2 * objects + 16;
}

// From the role's side.
struct RoleReferences {
    ::Oid role;
    bool is_whole; // the server registers what depends on the role, and this is all of it
    std::size_t rows_read;
    Array<RoleReference> found;

    // Gives up when the role has more rows, of whatever database; looks for none where none is worth it.
    static RoleReferences read(::Oid role, std::size_t most_rows);

    // Not so PUBLIC and roles that initdb made.
    bool is_registered() const { return role >= FirstNormalObjectId; }
};

// Those of the sorted tables whose columns are among the references.
Array<::Oid> tables_with_columns(std::span<const RoleReference> references, std::span<const ::Oid> tables);

// Those of the sorted tables in whose columns any role is registered. Reads what is granted on the tables as
// a whole, too.
Array<::Oid> read_tables_with_columns(std::span<const ::Oid> tables);

// From the side of objects and of the policies of tables among them: for all roles, by role.
Array<RoleReference> read_references_of(std::span<const SchemaObject> objects);

// Those of one role among them.
std::span<const RoleReference> references_of(std::span<const RoleReference> by_role, ::Oid role);

} // namespace dj_deploy
