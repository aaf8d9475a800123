// The frame of the document; what stands in it is read by its keys.
#include "environment/document.hpp"

#include "request/target.hpp"

namespace dj_deploy {

namespace {

// The keys that may stand at the level, and those of the frame.
Array<const char *> names_at(Level level)
{
    Array<const char *> names;
    if (level == Level::document)
        names.push("version");
    for (const Key *key : all_keys())
        if (key->is_at(level))
            names.push(key->name);
    if (level == Level::document) {
        names.push("schema_patterns");
        names.push("schemas");
    }
    if (level == Level::schema)
        names.push("tables");
    return names;
}

const Key *find_key(std::string_view name, Level level)
{
    for (const Key *key : declared_keys())
        if (key->is_at(level) && key->name == name)
            return key;
    return nullptr;
}

// Calls read_frame(path, member) for what belongs to the frame.
template <class ReadFrame>
Settings read_settings(const Path &path, const JsonValue &value, Level level, ReadFrame &&read_frame)
{
    Settings settings{};
    for (const JsonMember &member : require_members(path, value, names_at(level).view())) {
        const Path place = path.key(member.key);
        if (const Key *key = find_key(member.key, level))
            settings.set(*key, key->read(place, member.value, level));
        else
            read_frame(place, member);
    }
    return settings;
}

TableSettings read_table(const Path &path, const JsonMember &member, bool must_exist)
{
    require_name_at(path, "table", member.key);
    const auto read_frame = [](const Path &, const JsonMember &) {};
    return {.name = member.key,
            .path = path.text,
            .must_exist = must_exist,
            .settings = read_settings(path, member.value, Level::table, read_frame)};
}

SchemaSettings read_schema(const Path &path, const JsonMember &member, bool is_pattern)
{
    require_name_at(path, is_pattern ? "schema pattern" : "schema", member.key);
    SchemaSettings schema{.name = member.key, .path = path.text, .settings = {}, .tables = {}};
    const auto read_tables = [&](const Path &place, const JsonMember &tables) {
        require_object(place, tables.value);
        for (const JsonMember &table : members_of(tables.value))
            schema.tables.push(read_table(place.key(table.key), table, !is_pattern));
    };
    schema.settings = read_settings(path, member.value, Level::schema, read_tables);
    return schema;
}

void require_version(const Path &path, const JsonValue &value)
{
    if (!value.is_number() || !value.is_equal(1))
        refuse(path, "must be 1");
}

} // namespace

Environment request_environment(const Arguments &arguments)
{
    const Path root{"$"};
    Environment environment{};
    bool has_version = false;
    const auto read_frame = [&](const Path &path, const JsonMember &member) {
        if (std::string_view(member.key) == "version") {
            require_version(path, member.value);
            has_version = true;
            return;
        }
        require_object(path, member.value);
        const bool is_pattern = std::string_view(member.key) == "schema_patterns";
        for (const JsonMember &schema : members_of(member.value))
            (is_pattern ? environment.patterns : environment.schemas)
                .push(read_schema(path.key(schema.key), schema, is_pattern));
    };
    environment.settings = read_settings(root, arguments.json("environment"), Level::document, read_frame);
    if (!has_version)
        refuse(root.key("version"), "is missing; this server reads version 1");
    return environment;
}

} // namespace dj_deploy
