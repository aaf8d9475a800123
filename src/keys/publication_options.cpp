// The publications of the document. In a description: those that list tables of the described schemas.
#include "keys/publications.hpp"

#include "planners/publishing_harm.hpp"

namespace dj_deploy {

namespace {

#if PG_VERSION_NUM >= 180000
constexpr std::array option_keys = {"publish", "publish_via_partition_root", "publish_generated_columns"};
#else
constexpr std::array option_keys = {"publish", "publish_via_partition_root"};
#endif
constexpr std::array operations = {"insert", "update", "delete", "truncate"};

void read_publish(const Path &path, const JsonValue &json, PublicationSettings &publication)
{
    publication.has_publish = true;
    const std::array flags = {&publication.is_insert, &publication.is_update, &publication.is_delete,
                              &publication.is_truncate};
    std::size_t number = 0;
    for (const JsonValue &element : require_array(path, json)) {
        const Path place = path.element(number++);
        const char *name = require_string(place, element);
        const auto found = std::find_if(operations.begin(), operations.end(), [&](const char *operation) {
            return ::pg_strcasecmp(operation, name) == 0;
        });
        if (found == operations.end())
            refuse(place, "must be \"insert\", \"update\", \"delete\" or \"truncate\"");
        *flags[found - operations.begin()] = true;
    }
}

PublicationSettings read_publication(const Path &path, const JsonMember &member)
{
    require_name_at(path, "publication", member.key);
    PublicationSettings publication{};
    publication.name = member.key;
    for (const JsonMember &option : require_members(path, member.value, option_keys)) {
        const Path place = path.key(option.key);
        const std::string_view name = option.key;
        if (name == "publish") {
            read_publish(place, option.value, publication);
        } else if (name == "publish_via_partition_root") {
            publication.has_via_root = true;
            publication.is_via_root = require_boolean(place, option.value);
        } else {
            const std::string_view columns = require_string(place, option.value);
            if (columns != "none" && columns != "stored")
                refuse(place, "must be \"none\" or \"stored\"");
            publication.has_generated_option = true;
            publication.has_generated = columns == "stored";
        }
    }
    return publication;
}

::JsonbValue write_publication(const PublicationSettings &settings)
{
    const std::array flags = {settings.is_insert, settings.is_update, settings.is_delete,
                              settings.is_truncate};
    Array<::JsonbValue> published;
    for (std::size_t index = 0; index < operations.size(); index++)
        if (flags[index])
            published.push(make_string(operations[index]));
    JsonObject publication{};
    publication.add("publish", make_array(published));
    publication.add("publish_via_partition_root", make_boolean(settings.is_via_root));
    if (settings.has_generated_option)
        publication.add("publish_generated_columns", make_string(settings.has_generated ? "stored" : "none"));
    return publication.finish();
}

} // namespace

PublicationOptions PublicationOptions::read(const Path &path, const JsonValue &json, Level)
{
    require_object(path, json);
    PublicationOptions options{};
    for (const JsonMember &member : members_of(json))
        options.publications.push(read_publication(path.key(member.key), member));
    return options;
}

::JsonbValue PublicationOptions::write() const
{
    JsonObject object{};
    for (const PublicationSettings &publication : publications)
        object.add(publication.name, write_publication(publication));
    return object.finish();
}

// Those that the document describes, and those that it only lists.
Array<PublicationSettings> named_publications(const Environment &environment)
{
    Array<PublicationSettings> named;
    if (const PublicationOptions *options = environment.settings.find<PublicationOptions>())
        append(named, options->publications);
    const auto add = [&](const Settings &settings) {
        const PublicationNames *listed = settings.find<PublicationNames>();
        for (const char *name : listed != nullptr ? listed->names : Array<const char *>{}) {
            PublicationSettings publication{};
            publication.name = name;
            named.push(publication);
        }
    };
    for (const Array<SchemaSettings> &all : {environment.patterns, environment.schemas})
        for (const SchemaSettings &schema : all) {
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
        if (unique.is_empty() || std::string_view(unique[unique.count - 1].name) != named[index].name)
            unique.push(named[index]);
    return unique;
}

void PublicationOptions::plan(Draft &draft)
{
    ::Oid number = InvalidOid;
    Array<const char *> made;
    for (const PublicationSettings &settings : named_publications(draft.environment)) {
        Plan plan = Draft::new_plan();
        const PlannedPublication planned = plan_publication_options(settings, ++number, plan);
        if (planned.is_new || planned.is_changed)
            draft.intent.publications.push(planned.publication);
        if (planned.is_new)
            made.push(settings.name);
        draft.add(plan);
    }
    warn_of_slots_behind(made.view(), draft.plan);
}

namespace {

// FOR ALL TABLES, TABLES IN SCHEMA ...: what publishes more than it lists; null for what does not.
const char *whole_of(const Publication &publication, std::span<const ::Oid> schemas)
{
    const auto has_schema = [&](::Oid schema) { return publishes_schema(publication.oid, schema); };
    return publication.for_all() != nullptr                          ? publication.for_all()
           : std::any_of(schemas.begin(), schemas.end(), has_schema) ? "TABLES IN SCHEMA"
                                                                     : nullptr;
}

bool lists_any(const Facts &facts, const Publication &publication, std::span<const ::Oid> tables)
{
    return std::any_of(tables.begin(), tables.end(), [&](::Oid table) {
        const Relation *relation = facts.find(table);
        return relation != nullptr &&
               find_sorted(relation->listings, &Listing::publication, publication.oid) != nullptr;
    });
}

PublicationSettings settings_of(const Publication &options)
{
    return {.name = options.name,
            .has_publish = true,
            .is_insert = options.is_insert,
            .is_update = options.is_update,
            .is_delete = options.is_delete,
            .is_truncate = options.is_truncate,
            .has_via_root = true,
            .is_via_root = options.is_via_root,
            .has_generated_option = PG_VERSION_NUM >= 180000,
            .has_generated = options.has_generated};
}

Array<Publication> publications_by_name()
{
    Array<Publication> publications = read_publications();
    std::sort(publications.begin(), publications.end(),
              [](const Publication &left, const Publication &right) {
                  return ::strcmp(left.name, right.name) < 0;
              });
    return publications;
}

} // namespace

// Those that publish all tables, or a schema as a whole, cannot be said in a document.
void PublicationOptions::describe(Description &description)
{
    Array<::Oid> schemas;
    Array<::Oid> tables;
    for (std::size_t schema = 0; schema < description.described; schema++) {
        schemas.push(description.resolved.schemas[schema].oid);
        for (const Table &table : description.tables_of(schema))
            tables.push(table.oid);
    }
    const Facts facts = Facts::read(tables.view());
    PublicationOptions options{};
    for (const Publication &publication : publications_by_name())
        if (const char *whole = whole_of(publication, schemas.view()))
            ereport(NOTICE,
                    errmsg("publication \"%s\" is left out: it is defined with %s", publication.name, whole));
        else if (lists_any(facts, publication, tables.view()))
            options.publications.push(settings_of(publication));
    if (!options.publications.is_empty())
        description.settings.set(options);
}

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::PublicationOptions);
