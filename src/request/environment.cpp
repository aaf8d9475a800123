// Each key has its reader; a path names where one stands.
#include "request/environment.hpp"

#include "request/environment_path.hpp"
#include "request/target.hpp"

namespace dj_deploy {

namespace {

constexpr std::array environment_keys = {"version", "publications", "schemas"};
constexpr std::array schema_keys = {"replica_identity", "publications", "autovacuum", "grants", "tables"};
constexpr std::array table_keys = {"replica_identity", "publications", "autovacuum", "allow_breaking_writes"};
constexpr std::array identity_keys = {"index"};
constexpr std::array grant_keys = {"access", "future_tables"};
#if PG_VERSION_NUM >= 180000
constexpr std::array publication_keys = {"publish", "publish_via_partition_root",
                                         "publish_generated_columns"};
#else
constexpr std::array publication_keys = {"publish", "publish_via_partition_root"};
#endif
constexpr std::array operations = {"insert", "update", "delete", "truncate"};

void require_name_at(const Path &path, const char *what, const char *name)
{
    with_place(path, [&] { require_name(what, name); });
}

void read_publish(const Path &path, const JsonValue &value, PublicationSettings &publication)
{
    publication.has_publish = true;
    const std::array flags = {&publication.is_insert, &publication.is_update, &publication.is_delete,
                              &publication.is_truncate};
    std::size_t number = 0;
    for (const JsonValue &element : require_array(path, value)) {
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
    for (const JsonMember &option : require_members(path, member.value, publication_keys)) {
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

void read_identity(const Path &path, const JsonValue &value, bool may_have_index, Settings &settings)
{
    if (value.is_object() && may_have_index) {
        settings.identity = REPLICA_IDENTITY_INDEX;
        const Array<JsonMember> members = require_members(path, value, identity_keys);
        if (members.is_empty())
            refuse(path, "must have the key \"index\"");
        if (members[0].value.is_null())
            return;
        settings.identity_index = require_string(path.key(members[0].key), members[0].value);
        require_name_at(path, "index", settings.identity_index);
        return;
    }
    const char *word = value.is_string() ? value.text() : "";
    if (::pg_strcasecmp(word, "full") == 0)
        settings.identity = REPLICA_IDENTITY_FULL;
    else if (::pg_strcasecmp(word, "default") == 0)
        settings.identity = REPLICA_IDENTITY_DEFAULT;
    else if (::pg_strcasecmp(word, "nothing") == 0)
        settings.identity = REPLICA_IDENTITY_NOTHING;
    else
        refuse(path, may_have_index ? "must be \"full\", \"default\", \"nothing\" or {\"index\": \"name\"}"
                                    : "must be \"full\", \"default\" or \"nothing\"");
}

void read_publication_names(const Path &path, const JsonValue &value, Settings &settings)
{
    settings.has_publications = true;
    Array<const char *> &names = settings.publications;
    std::size_t number = 0;
    for (const JsonValue &element : require_array(path, value)) {
        names.push(require_string(path.element(number++), element));
        require_name_at(path, "publication", names[names.count - 1]);
    }
    const auto is_less = [](const char *left, const char *right) { return ::strcmp(left, right) < 0; };
    const auto is_same = [](const char *left, const char *right) { return ::strcmp(left, right) == 0; };
    std::sort(names.begin(), names.end(), is_less);
    names.count = std::unique(names.begin(), names.end(), is_same) - names.begin();
}

// Returns false for a key that is not common to schemas and tables.
bool read_setting(const Path &path, const JsonMember &member, bool is_table, Settings &settings)
{
    const std::string_view key = member.key;
    if (key == "replica_identity")
        read_identity(path, member.value, is_table, settings);
    else if (key == "publications")
        read_publication_names(path, member.value, settings);
    else if (key == "autovacuum") {
        require_object(path, member.value);
        settings.parameters = read_storage_parameters(member.value, path.text);
    } else {
        return false;
    }
    return true;
}

TableSettings read_table(const Path &path, const JsonMember &member)
{
    require_name_at(path, "table", member.key);
    TableSettings table{
        .name = member.key, .path = path.text, .settings = {}, .allows_breaking_writes = false};
    for (const JsonMember &setting : require_members(path, member.value, table_keys)) {
        const Path place = path.key(setting.key);
        if (!read_setting(place, setting, true, table.settings))
            table.allows_breaking_writes = require_boolean(place, setting.value);
    }
    return table;
}

RoleSettings read_role(const Path &path, const JsonMember &member)
{
    require_name_at(path, "role", member.key);
    RoleSettings role{.role = member.key, .access = Access::none, .has_future_tables = false};
    const auto read_access = [&](const Path &place, const JsonValue &value) {
        if (!value.is_string() || !find_access(value.text(), role.access))
            refuse(place, "must be \"none\", \"read\", \"write\" or \"all\"");
    };
    if (!member.value.is_object()) {
        read_access(path, member.value);
        return role;
    }
    bool has_access = false;
    for (const JsonMember &setting : require_members(path, member.value, grant_keys)) {
        const Path place = path.key(setting.key);
        if (std::string_view(setting.key) == "access") {
            read_access(place, setting.value);
            has_access = true;
        } else {
            role.has_future_tables = require_boolean(place, setting.value);
        }
    }
    if (!has_access)
        refuse(path, "must have the key \"access\"");
    return role;
}

SchemaSettings read_schema(const Path &path, const JsonMember &member)
{
    require_name_at(path, "schema", member.key);
    SchemaSettings schema{.name = member.key, .settings = {}, .grants = {}, .tables = {}};
    for (const JsonMember &setting : require_members(path, member.value, schema_keys)) {
        const Path place = path.key(setting.key);
        if (read_setting(place, setting, false, schema.settings))
            continue;
        require_object(place, setting.value);
        const bool is_grants = std::string_view(setting.key) == "grants";
        for (const JsonMember &entry : members_of(setting.value)) {
            if (is_grants)
                schema.grants.push(read_role(place.key(entry.key), entry));
            else
                schema.tables.push(read_table(place.key(entry.key), entry));
        }
    }
    return schema;
}

} // namespace

Environment request_environment(const Arguments &arguments)
{
    const JsonValue document = arguments.json("environment");
    const Path root{"$"};
    Environment environment{};
    bool has_version = false;
    for (const JsonMember &member : require_members(root, document, environment_keys)) {
        const Path path = root.key(member.key);
        const std::string_view key = member.key;
        if (key == "version") {
            if (!member.value.is_number() || !member.value.is_equal(1))
                refuse(path, "must be 1");
            has_version = true;
            continue;
        }
        require_object(path, member.value);
        for (const JsonMember &entry : members_of(member.value)) {
            if (key == "publications")
                environment.publications.push(read_publication(path.key(entry.key), entry));
            else
                environment.schemas.push(read_schema(path.key(entry.key), entry));
        }
    }
    if (!has_version)
        refuse(root.key("version"), "is missing; this server reads version 1");
    return environment;
}

} // namespace dj_deploy
