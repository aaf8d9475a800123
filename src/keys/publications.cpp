// The publications that hold a schema's user tables or a table. In a description: one that lists more than
// half of a schema's user tables is said of the schema; where a table differs, all that list it are said of
// the table. How they are planned is in publications_plan.cpp.
#include "keys/publications.hpp"

#include "publishing/members.hpp"

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
    const auto is_less = [](const char *left, const char *right) { return ::strcmp(left, right) < 0; };
    const auto is_same = [](const char *left, const char *right) { return ::strcmp(left, right) == 0; };
    std::sort(names.begin(), names.end(), is_less);
    names.count = std::unique(names.begin(), names.end(), is_same) - names.begin();
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

struct ListedPublication {
    const char *name;
    Members members;
};

Array<ListedPublication> read_listed(const PublicationOptions &described)
{
    Array<ListedPublication> listed;
    for (const PublicationSettings &settings : described.publications)
        if (const std::optional<Publication> publication = read_publication(settings.name))
            listed.push({.name = settings.name, .members = Members::of(*publication)});
    return listed;
}

// Listed, or published through a table above it.
bool is_published(const Table &table, const Members &members)
{
    return members.find(table.oid) != nullptr || members.holds_above(table.oid);
}

bool is_common(const ListedPublication &publication, std::span<const Table> tables)
{
    std::size_t listed = 0;
    std::size_t others = 0;
    for (const Table &table : tables)
        if (table.is_user_table())
            (publication.members.find(table.oid) != nullptr ? listed : others)++;
    return listed > others;
}

void notice_left_out(const Table &table, const ListedPublication &publication)
{
    const Member *member = publication.members.find(table.oid);
    if (member == nullptr)
        return;
    if (!member->is_plain)
        ereport(NOTICE,
                errmsg("column list and row filter of table \"%s.%s\" in publication \"%s\" are left out",
                       table.schema, table.name, publication.name));
    if (publication.members.holds_above(table.oid))
        ereport(
            NOTICE,
            errmsg("partition \"%s.%s\" of publication \"%s\" is left out: a table above it is listed, too",
                   table.schema, table.name, publication.name));
}

// Whether what is said of the schema says all of the table.
bool is_said(const Table &table, const PublicationNames &schema,
             std::span<const ListedPublication> publications)
{
    for (const ListedPublication &publication : publications) {
        const bool is_listed = publication.members.find(table.oid) != nullptr;
        const bool is_expected = table.is_user_table() && schema.has(publication.name);
        if (is_listed != is_expected)
            return false;
    }
    return true;
}

// What the publications have in common in the schema is said of it.
PublicationNames common_names(std::span<const ListedPublication> publications, std::span<const Table> tables)
{
    PublicationNames common{};
    for (const ListedPublication &publication : publications)
        if (is_common(publication, tables))
            common.names.push(publication.name);
    return common;
}

} // namespace

void PublicationNames::describe(Description &description)
{
    const PublicationOptions *described = description.settings.find<PublicationOptions>();
    if (described == nullptr)
        return;
    const Array<ListedPublication> publications = read_listed(*described);
    for (std::size_t index = 0; index < description.described; index++) {
        const std::span<const Table> tables = description.tables_of(index);
        const PublicationNames common = common_names(publications.view(), tables);
        description.schemas[index]->settings.set(common);
        for (const Table &table : tables) {
            if (table.schema_oid == description.resolved.schemas[index].oid)
                for (const ListedPublication &publication : publications)
                    notice_left_out(table, publication);
            if (is_said(table, common, publications.view()))
                continue;
            PublicationNames own{};
            for (const ListedPublication &publication : publications)
                if (is_published(table, publication.members))
                    own.names.push(publication.name);
            description.settings_of(table).set(own);
        }
    }
}

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::PublicationNames);
