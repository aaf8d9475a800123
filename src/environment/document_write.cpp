// Settings become the keys that document_read.cpp reads.
#include "environment/description.hpp"

namespace dj_deploy {

namespace {

JsonObject make_settings(const Settings &settings)
{
    JsonObject object{};
    for (const KeyedValue &setting : settings.all)
        object.add(setting.key->name, setting.key->write(setting.value));
    return object;
}

::JsonbValue make_schema(const SchemaSettings &schema, ::Oid oid, std::span<const NamedTable> named)
{
    JsonObject object = make_settings(schema.settings);
    JsonObject tables{};
    for (const NamedTable &table : named)
        if (::get_rel_namespace(table.oid) == oid)
            tables.add(table.settings->name, make_settings(table.settings->settings).finish());
    if (!tables.is_empty())
        object.add("tables", tables.finish());
    return object.finish();
}

} // namespace

::Datum make_document(const Description &description)
{
    JsonObject document = make_settings(description.settings);
    document.add("version", make_number(1));
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
