// The server calls back for each message, those about this session's own changes included. A change of a row
// of pg_class, pg_attribute, pg_index or a foreign key is always told as one of its relation. There is no
// callback for what is about pg_depend, pg_shdepend or pg_inherits alone: who belongs to an extension is
// compared by the caller, and what a role holds in columns changes with pg_attribute. Of inheritance only the
// end of that of a table without columns is missed, which changes nothing but the order of the statements.
#include "catalog/news.hpp"

namespace dj_deploy {

namespace {

// A cache of each catalog: the server tells all caches of a catalog of each change.
constexpr std::array caches = {::NAMESPACEOID,   ::AUTHOID,        ::AUTHMEMROLEMEM,       ::DEFACLROLENSPOBJ,
                               ::PUBLICATIONOID, ::PUBLICATIONREL, ::PUBLICATIONNAMESPACE, ::SEQRELID};

CatalogNews heard;
std::array<::Oid, 64> last_relations; // as far as heard.relations goes, in turn

// The server counts each message of other sessions before it calls back, and none of this session's own. One
// of our own that comes after others about caches that are not listened to counts, too; that costs a look.
bool is_of_others()
{
    return std::exchange(heard.messages, ::SharedInvalidMessageCounter) != ::SharedInvalidMessageCounter;
}

// With the hash of the only row that matters, or 0; the server gives 0 for all rows. What identifies the
// cache is of another type in newer versions.
template <class Cache>
void note_change(::Datum only, Cache, ::uint32 row)
{
    const ::uint32 wanted = DatumGetUInt32(only);
    if ((wanted == 0 || row == 0 || row == wanted) && is_of_others())
        heard.changes++;
}

void note_relation(::Datum, ::Oid relation)
{
    if (!is_of_others())
        return;
    if (OidIsValid(relation))
        last_relations[heard.relations++ % last_relations.size()] = relation;
    else
        heard.changes++;
}

// Once: the server forgets no callback, and has few places for them.
void listen()
{
    static bool is_listening = false;
    if (std::exchange(is_listening, true))
        return;
    for (const auto cache : caches)
        ::CacheRegisterSyscacheCallback(cache, note_change, 0);
    const ::uint32 database = GetSysCacheHashValue1(::DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
    ::CacheRegisterSyscacheCallback(::DATABASEOID, note_change, UInt32GetDatum(database));
    ::CacheRegisterRelcacheCallback(note_relation, 0);
}

} // namespace

CatalogNews CatalogNews::now()
{
    listen();
    ::AcceptInvalidationMessages();
    heard.messages = ::SharedInvalidMessageCounter;
    return heard;
}

CatalogNews CatalogNews::so_far()
{
    return heard;
}

Array<::Oid> CatalogNews::relations_since(const CatalogNews &latest) const
{
    static_assert(most_relations == last_relations.size());
    Array<::Oid> changed;
    for (std::uint64_t number = relations; number < latest.relations; number++)
        changed.push(last_relations[number % last_relations.size()]);
    return changed;
}

} // namespace dj_deploy
