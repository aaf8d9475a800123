// The publications that hold a schema's user tables or a table. In a description: one that lists more than
// half of a schema's user tables is said of the schema; where a table differs, all that list it are said of
// the table. How they are planned is in publications_plan.cpp.
#include "keys/publications.hpp"

#include "pg/context.hpp"
#include "publishing/facts.hpp"

namespace dj_deploy {

PublicationNames PublicationNames::read(const Path &path, const JsonValue &json, Level)
{
    PublicationNames read{};
    Array<const char *> &names = read.names;
    std::size_t number = 0;
    for (const JsonValue &element : require_array(path, json)) {
        names.push(require_string(path.element(number++), element));
        require_name_at(path, "publication", names[names.count - 1]);
    }
    sort_unique(names, [](const char *left, const char *right) { return ::strcmp(left, right) < 0; });
    return read;
}

::JsonbValue PublicationNames::write() const
{
    Array<::JsonbValue> items;
    for (const char *publication : names)
        items.push(make_string(publication));
    return make_array(items);
}

bool PublicationNames::has(std::string_view publication) const
{
    return std::binary_search(names.begin(), names.end(), publication,
                              [](std::string_view left, std::string_view right) { return left < right; });
}

namespace {

// A described publication, by its number, and the entry of a table in it.
struct Listed {
    std::size_t publication;
    const Listing *entry;
};

// The publications of the document, numbered by name, and what they list.
struct DescribedPublications {
    static DescribedPublications of(const Facts &facts, const Array<PublicationSettings> &all);

    const char *name(std::size_t number) const { return all->items[number].name; }

    // Calls step(Listed) for each entry of a table, in no particular order.
    template <class Step>
    void for_each(::Oid table, Step &&step) const
    {
        const Relation *relation = facts->find(table);
        for (const Listing &listing : relation != nullptr ? relation->listings : std::span<const Listing>{})
            if (const Numbered *known = find_sorted(numbered.view(), &Numbered::oid, listing.publication))
                step(Listed{.publication = known->number, .entry = &listing});
    }

    // The same in order.
    Array<Listed> listed(::Oid table) const;

    // The numbers of those that list the table or a table above it, in order.
    Array<std::size_t> publishing(::Oid table) const;

    // Whether a table above has an entry in the same publication.
    bool is_listed_above(::Oid table, const Listing &entry) const;

private:
    struct Numbered {
        ::Oid oid;
        std::size_t number;
    };
    const Facts *facts;
    const Array<PublicationSettings> *all;
    Array<Numbered> numbered; // by OID

    std::span<const ::Oid> ancestors(::Oid table) const
    {
        const Relation *relation = facts->find(table);
        return relation != nullptr ? relation->ancestors : std::span<const ::Oid>{};
    }
};

DescribedPublications DescribedPublications::of(const Facts &facts, const Array<PublicationSettings> &all)
{
    DescribedPublications described{};
    described.facts = &facts;
    described.all = &all;
    const auto is_before = [](const PublicationSettings &settings, const char *name) {
        return ::strcmp(settings.name, name) < 0;
    };
    for (const Publication &publication : facts.publications) {
        const auto found = std::lower_bound(all.begin(), all.end(), publication.name, is_before);
        if (found != all.end() && ::strcmp(found->name, publication.name) == 0)
            described.numbered.push(
                {.oid = publication.oid, .number = static_cast<std::size_t>(found - all.begin())});
    }
    return described;
}

Array<Listed> DescribedPublications::listed(::Oid table) const
{
    Array<Listed> found;
    for_each(table, [&](const Listed &listed) { found.push(listed); });
    std::sort(found.begin(), found.end(),
              [](const Listed &left, const Listed &right) { return left.publication < right.publication; });
    return found;
}

Array<std::size_t> DescribedPublications::publishing(::Oid table) const
{
    Array<std::size_t> numbers;
    const auto add = [&](const Listed &listed) { numbers.push(listed.publication); };
    for_each(table, add);
    for (const ::Oid ancestor : ancestors(table))
        for_each(ancestor, add);
    sort_unique(numbers);
    return numbers;
}

bool DescribedPublications::is_listed_above(::Oid table, const Listing &entry) const
{
    return std::ranges::any_of(ancestors(table), [&](::Oid ancestor) {
        const Relation *above = facts->find(ancestor);
        return above != nullptr &&
               find_sorted(above->listings, &Listing::publication, entry.publication) != nullptr;
    });
}

void notice_left_out(const Table &table, std::span<const Listed> listed,
                     const DescribedPublications &publications)
{
    for (const auto &[number, entry] : listed) {
        const char *name = publications.name(number);
        if (entry->narrowing != nullptr)
            ereport(NOTICE,
                    errmsg("column list and row filter of table \"%s.%s\" in publication \"%s\" are left out",
                           table.schema, table.name, name));
        if (publications.is_listed_above(table.oid, *entry))
            ereport(NOTICE, errmsg("partition \"%s.%s\" of publication \"%s\" is left out: a table above it "
                                   "is listed, too",
                                   table.schema, table.name, name));
    }
}

PublicationNames names_of(std::span<const std::size_t> numbers, const DescribedPublications &publications)
{
    PublicationNames named{};
    for (const std::size_t number : numbers)
        named.names.push(publications.name(number));
    return named;
}

// Those that list more than half of the user tables.
Array<std::size_t> common_numbers(std::span<const Table> tables, const DescribedPublications &publications)
{
    std::size_t user_tables = 0;
    Array<std::size_t> listing;
    for (const Table &table : tables) {
        if (!table.is_user_table())
            continue;
        user_tables++;
        publications.for_each(table.oid, [&](const Listed &listed) { listing.push(listed.publication); });
    }
    std::sort(listing.begin(), listing.end());
    Array<std::size_t> common;
    for (std::size_t first = 0, end = 0; first < listing.count; first = end) {
        while (end < listing.count && listing[end] == listing[first])
            end++;
        if (2 * (end - first) > user_tables)
            common.push(listing[first]);
    }
    return common;
}

// Whether what is said of the schema says all of the table.
bool is_said(const Table &table, std::span<const std::size_t> common, std::span<const Listed> listed)
{
    const std::span<const std::size_t> said = table.is_user_table() ? common : std::span<const std::size_t>{};
    return std::ranges::equal(
        listed, said, [](const Listed &entry, std::size_t number) { return entry.publication == number; });
}

} // namespace

void PublicationNames::describe(Description &description)
{
    const PublicationOptions *options = description.settings.find<PublicationOptions>();
    if (options == nullptr)
        return;
    const auto publications = DescribedPublications::of(description.publishing(), options->publications);
    const ::MemoryContext context = ::CurrentMemoryContext;
    for (std::size_t index = 0; index < description.described; index++) {
        const std::span<const Table> tables = description.tables_of(index);
        const Array<std::size_t> common = common_numbers(tables, publications);
        description.schemas[index]->settings.set(names_of(common.view(), publications));
        for_each_in_scratch(tables, [&](const Table &table) {
            const Array<Listed> listed = publications.listed(table.oid);
            if (table.schema_oid == description.resolved.schemas[index].oid)
                notice_left_out(table, listed.view(), publications);
            if (is_said(table, common.view(), listed.view()))
                return;
            const Array<std::size_t> publishing = publications.publishing(table.oid);
            ::MemoryContextSwitchTo(context);
            description.settings_of(table).set(names_of(publishing.view(), publications));
        });
    }
}

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::PublicationNames);
