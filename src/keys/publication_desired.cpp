// Sorted lists, in which a publication finds its own.
#include "keys/publication_desired.hpp"

#include "catalog/ancestors.hpp"
#include "planners/publication_membership.hpp"

namespace dj_deploy {

namespace {

template <class Said>
void sort_said(Array<Said> &said)
{
    std::sort(said.begin(), said.end(), [](const Said &left, const Said &right) {
        const int names = ::strcmp(left.publication, right.publication);
        return names != 0 ? names < 0 : left.number < right.number;
    });
}

template <class Said>
Array<std::size_t> numbers_of(const Array<Said> &said, const char *publication)
{
    Array<std::size_t> numbers;
    const auto is_before = [](const Said &left, const char *name) {
        return ::strcmp(left.publication, name) < 0;
    };
    for (auto found = std::lower_bound(said.begin(), said.end(), publication, is_before);
         found != said.end() && ::strcmp(found->publication, publication) == 0; found++)
        numbers.push(found->number);
    return numbers;
}

} // namespace

DesiredMembers DesiredMembers::of(const ResolvedEnvironment &resolved)
{
    DesiredMembers desired{};
    desired.resolved = &resolved;
    desired.read_decided();
    desired.read_schemas();
    sort_said(desired.of_schemas);
    sort_said(desired.of_tables);
    std::sort(desired.below.begin(), desired.below.end(), [](const Below &left, const Below &right) {
        return left.above != right.above ? left.above < right.above : left.number < right.number;
    });
    return desired;
}

// Their tables are found with those of the schemas.
void DesiredMembers::read_decided()
{
    for (const NamedTable &named : resolved->named) {
        const PublicationNames *names = named.settings->settings.find<PublicationNames>();
        if (names == nullptr)
            continue;
        const Array<::Oid> ancestors = read_ancestors(named.oid);
        for (const ::Oid ancestor : ancestors)
            below.push({.above = ancestor, .number = decided.count});
        for (const char *publication : names->names)
            of_tables.push({.publication = publication, .number = decided.count});
        decided.push(
            {.oid = named.oid, .level = ancestors.count, .schema = 0, .table = nullptr, .said = names});
    }
}

void DesiredMembers::read_schemas()
{
    said.resize(resolved->schemas.count);
    undecided.resize(resolved->schemas.count);
    for (std::size_t number = 0; number < resolved->schemas.count; number++) {
        const ResolvedSchema &schema = resolved->schemas[number];
        said[number] = schema.settings->settings.find<PublicationNames>();
        if (said[number] != nullptr)
            schemas.push(number);
        for (const char *publication : said[number] != nullptr ? said[number]->names : Array<const char *>{})
            of_schemas.push({.publication = publication, .number = number});
        for (const Table &table : schema.tables) {
            auto *own = const_cast<DecidedTable *>(find_decided(table.oid));
            if (own != nullptr && table.schema_oid == schema.oid) {
                own->schema = number;
                own->table = &table;
            } else if (own == nullptr && said[number] != nullptr) {
                undecided[number].push(&table);
                places.push({.oid = table.oid, .schema = number, .table = &table});
            }
        }
    }
    std::sort(places.begin(), places.end(), [](const Place &left, const Place &right) {
        return left.oid != right.oid ? left.oid < right.oid : left.schema < right.schema;
    });
}

const DecidedTable *DesiredMembers::find_decided(::Oid table) const
{
    return find_sorted(decided.view(), &DecidedTable::oid, table);
}

const DesiredMembers::Place *DesiredMembers::find_place(::Oid table) const
{
    for (const Place *place = find_sorted(places.view(), &Place::oid, table);
         place != nullptr && place != places.end() && place->oid == table; place++)
        if (resolved->schemas[place->schema].oid == home_of(*place->table))
            return place;
    return nullptr;
}

Array<std::size_t> DesiredMembers::schemas_with(const char *publication) const
{
    return numbers_of(of_schemas, publication);
}

Array<std::size_t> DesiredMembers::decided_with(const char *publication) const
{
    return numbers_of(of_tables, publication);
}

void DesiredMembers::add_decided_below(::Oid table, Array<std::size_t> &numbers) const
{
    for (const Below *found = find_sorted(below.view(), &Below::above, table);
         found != nullptr && found != below.end() && found->above == table; found++)
        numbers.push(found->number);
}

} // namespace dj_deploy
