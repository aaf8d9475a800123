// One that another session is building looks the same; then DROP INDEX CONCURRENTLY waits for that session,
// and finds no index of that name.
#include "plan/invalid_indexes.hpp"

#include "plan/quote.hpp"

namespace dj_deploy {

const char *remedy_for_invalid(const IndexFacts &index, const RelationName &name)
{
    if (std::string_view(name.schema) == "pg_toast" && !is_transient_name(name.name))
        return nullptr;
    const bool is_needed = index.is_identity || is_needed_by_another(index.oid);
    return ::psprintf("%s INDEX %s%s", is_needed ? "REINDEX" : "DROP",
                      index.is_exclusion ? "" : "CONCURRENTLY ", qualified_name(name.schema, name.name));
}

Array<Leftover> read_leftovers(::Oid table, ::Oid toast)
{
    Array<::Oid> tables;
    for (const ::Oid relation : {std::min(table, toast), std::max(table, toast)})
        if (OidIsValid(relation))
            tables.push(relation);
    Array<Leftover> leftovers;
    for (const IndexFacts &index : read_indexes(tables.view())) {
        const RelationName name = index.is_valid ? RelationName{} : read_relation_name(index.oid);
        if (name.name != nullptr && is_transient_name(name.name))
            leftovers.push(
                {.name = qualified_name(name.schema, name.name), .remedy = remedy_for_invalid(index, name)});
    }
    std::sort(leftovers.begin(), leftovers.end(), [](const Leftover &left, const Leftover &right) {
        return ::strcmp(left.name, right.name) < 0;
    });
    return leftovers;
}

} // namespace dj_deploy
