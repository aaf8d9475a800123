// Settings become the keys that request/environment.cpp reads.
#include "environment/description.hpp"

namespace dj_deploy {

namespace {

::JsonbValue make_strings(const Array<const char *> &strings)
{
    Array<::JsonbValue> items;
    for (const char *string : strings)
        items.push(make_string(string));
    return make_array(items);
}

::JsonbValue make_publication(const PublicationSettings &settings)
{
    Array<const char *> operations;
    const auto add = [&](bool is_published, const char *operation) {
        if (is_published)
            operations.push(operation);
    };
    add(settings.is_insert, "insert");
    add(settings.is_update, "update");
    add(settings.is_delete, "delete");
    add(settings.is_truncate, "truncate");
    JsonObject publication{};
    publication.add("publish", make_strings(operations));
    publication.add("publish_via_partition_root", make_boolean(settings.is_via_root));
    if (settings.has_generated_option)
        publication.add("publish_generated_columns", make_string(settings.has_generated ? "stored" : "none"));
    return publication.finish();
}

::JsonbValue make_identity(const Settings &settings)
{
    switch (settings.identity) {
    case REPLICA_IDENTITY_FULL:
        return make_string("full");
    case REPLICA_IDENTITY_DEFAULT:
        return make_string("default");
    case REPLICA_IDENTITY_NOTHING:
        return make_string("nothing");
    default:
        JsonObject identity{};
        identity.add("index", make_string_or_null(settings.identity_index));
        return identity.finish();
    }
}

// Numbers and truth values as such where the table has them in JSON's words.
::JsonbValue make_parameter(const StorageParameter &parameter)
{
    const char *value = parameter.value;
    if (value == nullptr)
        return make_string_or_null(nullptr);
    const std::string_view text = value;
    if (text == "true" || text == "false")
        return make_boolean(text == "true");
    const std::size_t sign = text.starts_with('-') ? 1 : 0;
    const std::size_t dots = std::count(text.begin(), text.end(), '.');
    // The server reads 050 as 40.
    const bool is_octal = text.size() > sign + 1 && text[sign] == '0' && text[sign + 1] != '.';
    const bool is_number = text.size() > sign && text.find_first_not_of("0123456789.", sign) == text.npos &&
                           dots <= 1 && text[sign] != '.' && text.back() != '.' && !is_octal;
    if (!is_number)
        return make_string(text);
    ::JsonbValue number{};
    number.type = ::jbvNumeric;
    number.val.numeric = DatumGetNumeric(DirectFunctionCall3(
        ::numeric_in, CStringGetDatum(value), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
    return number;
}

::JsonbValue make_grants(const Array<RoleSettings> &grants)
{
    JsonObject roles{};
    for (const RoleSettings &role : grants) {
        const ::JsonbValue access = make_string(access_name(role.access));
        if (!role.has_future_tables) {
            roles.add(role.role, access);
            continue;
        }
        JsonObject both{};
        both.add("access", access);
        both.add("future_tables", make_boolean(true));
        roles.add(role.role, both.finish());
    }
    return roles.finish();
}

JsonObject make_settings(const Settings &settings)
{
    JsonObject object{};
    if (settings.identity != '\0')
        object.add("replica_identity", make_identity(settings));
    if (settings.has_publications)
        object.add("publications", make_strings(settings.publications));
    if (!settings.parameters.is_empty()) {
        JsonObject parameters{};
        for (const StorageParameter &parameter : settings.parameters)
            parameters.add(parameter.name, make_parameter(parameter));
        object.add("autovacuum", parameters.finish());
    }
    return object;
}

::JsonbValue make_schema(const SchemaSettings &settings, ::Oid schema, std::span<const NamedTable> named)
{
    JsonObject object = make_settings(settings.settings);
    if (!settings.grants.is_empty())
        object.add("grants", make_grants(settings.grants));
    JsonObject tables{};
    for (const NamedTable &table : named) {
        if (::get_rel_namespace(table.oid) != schema)
            continue;
        JsonObject entry = make_settings(table.settings->settings);
        if (table.settings->allows_breaking_writes)
            entry.add("allow_breaking_writes", make_boolean(true));
        tables.add(table.settings->name, entry.finish());
    }
    if (!tables.is_empty())
        object.add("tables", tables.finish());
    return object.finish();
}

} // namespace

::Datum make_document(const Description &description)
{
    JsonObject document{};
    document.add("version", make_number(1));
    if (!description.publications.is_empty()) {
        JsonObject publications{};
        for (const PublicationSettings &publication : description.publications)
            publications.add(publication.name, make_publication(publication));
        document.add("publications", publications.finish());
    }
    JsonObject schemas{};
    for (std::size_t index = 0; index < description.schemas.count; index++)
        schemas.add(description.schemas[index]->name,
                    make_schema(*description.schemas[index], description.resolved.schemas[index].oid,
                                description.resolved.named.view()));
    document.add("schemas", schemas.finish());
    ::JsonbValue value = document.finish();
    return JsonbPGetDatum(::JsonbValueToJsonb(&value));
}

} // namespace dj_deploy
