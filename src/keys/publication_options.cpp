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

void read_publish(const Path &path, const JsonValue &json, PublicationSettings &publication)
{
    publication.has_publish = true;
    std::size_t number = 0;
    for (const JsonValue &element : require_array(path, json)) {
        const Path place = path.element(number++);
        const char *name = require_string(place, element);
        const auto found = std::find_if(publication_operations.begin(), publication_operations.end(),
                                        [&](const PublicationOperation &operation) {
                                            return ::pg_strcasecmp(operation.name, name) == 0;
                                        });
        if (found == publication_operations.end())
            refuse(place, "must be \"insert\", \"update\", \"delete\" or \"truncate\"");
        publication.options.*found->is_published = true;
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
            publication.options.is_via_root = require_boolean(place, option.value);
        } else {
            const std::string_view columns = require_string(place, option.value);
            if (columns != "none" && columns != "stored")
                refuse(place, "must be \"none\" or \"stored\"");
            publication.has_generated = true;
            publication.options.has_generated = columns == "stored";
        }
    }
    return publication;
}

::JsonbValue write_publication(const PublicationSettings &settings)
{
    const Publication &options = settings.options;
    Array<::JsonbValue> published;
    for (const auto &[name, is_published] : publication_operations)
        if (options.*is_published)
            published.push(make_string(name));
    JsonObject publication{};
    publication.add("publish", make_array(published));
    publication.add("publish_via_partition_root", make_boolean(options.is_via_root));
    if (settings.has_generated)
        publication.add("publish_generated_columns", make_string(options.has_generated ? "stored" : "none"));
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

namespace {

bool has_smaller_name(const PublicationSettings &left, const PublicationSettings &right)
{
    return ::strcmp(left.name, right.name) < 0;
}

// Adds those that the document lists at schemas and tables and that are not known, which is sorted.
void add_unknown(const Environment &environment, const Array<PublicationSettings> &known,
                 Array<PublicationSettings> &unknown)
{
    const auto add = [&](const Settings &settings) {
        const PublicationNames *listed = settings.find<PublicationNames>();
        for (const char *name : listed != nullptr ? listed->names : Array<const char *>{}) {
            PublicationSettings publication{};
            publication.name = name;
            if (!std::binary_search(known.begin(), known.end(), publication, has_smaller_name))
                unknown.push(publication);
        }
    };
    for (const Array<SchemaSettings> &all : {environment.patterns, environment.schemas})
        for (const SchemaSettings &schema : all) {
            add(schema.settings);
            for (const TableSettings &table : schema.tables)
                add(table.settings);
        }
}

} // namespace

// Those that the document describes, and those that it only lists.
Array<PublicationSettings> named_publications(const Environment &environment)
{
    Array<PublicationSettings> named;
    if (const PublicationOptions *options = environment.settings.find<PublicationOptions>())
        append(named, options->publications);
    std::sort(named.begin(), named.end(), has_smaller_name);
    Array<PublicationSettings> listed;
    add_unknown(environment, named, listed);
    append(named, listed);
    sort_unique(named, has_smaller_name);
    return named;
}

void PublicationOptions::plan(Draft &draft)
{
    ::Oid number = InvalidOid;
    Array<const char *> made;
    for (const PublicationSettings &settings : named_publications(draft.environment)) {
        Plan plan = draft.new_plan();
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

bool has(const Array<::Oid> &sorted, ::Oid oid)
{
    return std::binary_search(sorted.begin(), sorted.end(), oid);
}

// Those that list one of the described tables.
Array<::Oid> listing_publications(Description &description)
{
    Array<::Oid> publications;
    for (std::size_t schema = 0; schema < description.described; schema++)
        for (const Table &table : description.tables_of(schema))
            if (const Relation *relation = description.publishing().find(table.oid))
                for (const Listing &listing : relation->listings)
                    publications.push(listing.publication);
    sort_unique(publications);
    return publications;
}

PublicationSettings settings_of(const Publication &options)
{
    return {.name = options.name,
            .has_publish = true,
            .has_via_root = true,
            .has_generated = PG_VERSION_NUM >= 180000,
            .options = options};
}

Array<Publication> by_name(const Array<Publication> &publications)
{
    Array<Publication> sorted;
    append(sorted, publications);
    std::sort(sorted.begin(), sorted.end(), [](const Publication &left, const Publication &right) {
        return ::strcmp(left.name, right.name) < 0;
    });
    return sorted;
}

} // namespace

// Those that publish all tables, or a schema as a whole, cannot be said in a document.
void PublicationOptions::describe(Description &description)
{
    const Array<::Oid> listing = listing_publications(description);
    const Array<::Oid> whole = description.schema_publications();
    PublicationOptions options{};
    for (const Publication &publication : by_name(description.publishing().publications)) {
        const char *for_all = publication.for_all();
        if (for_all != nullptr || has(whole, publication.oid))
            ereport(NOTICE, errmsg("publication \"%s\" is left out: it is defined with %s", publication.name,
                                   for_all != nullptr ? for_all : "TABLES IN SCHEMA"));
        else if (has(listing, publication.oid))
            options.publications.push(settings_of(publication));
    }
    if (!options.publications.is_empty())
        description.settings.set(options);
}

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::PublicationOptions);
