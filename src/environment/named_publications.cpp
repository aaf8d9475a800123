// Those that the document describes, and those that it only lists.
#include "environment/named_publications.hpp"

namespace dj_deploy {

namespace {

bool is_same_text(const char *left, const char *right)
{
    return std::string_view(left) == right;
}

} // namespace

Array<PublicationSettings> named_publications(const Environment &environment)
{
    Array<PublicationSettings> named;
    const auto add = [&](const Settings &settings) {
        for (const char *name : settings.publications) {
            PublicationSettings publication{};
            publication.name = name;
            named.push(publication);
        }
    };
    for (const PublicationSettings &publication : environment.publications)
        named.push(publication);
    for (const SchemaSettings &schema : environment.schemas) {
        add(schema.settings);
        for (const TableSettings &table : schema.tables)
            add(table.settings);
    }
    // Those that are described come first, so they are kept.
    Array<std::size_t> order;
    for (std::size_t index = 0; index < named.count; index++)
        order.push(index);
    std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        const int names = ::strcmp(named[left].name, named[right].name);
        return names != 0 ? names < 0 : left < right;
    });
    Array<PublicationSettings> unique;
    for (const std::size_t index : order)
        if (unique.is_empty() || !is_same_text(unique[unique.count - 1].name, named[index].name))
            unique.push(named[index]);
    return unique;
}

bool lists(const Settings &settings, const char *publication)
{
    return std::any_of(settings.publications.begin(), settings.publications.end(),
                       [&](const char *name) { return is_same_text(name, publication); });
}

} // namespace dj_deploy
