// Reads grants.
#include "keys/grants.hpp"

namespace dj_deploy {

namespace {

constexpr std::array schema_grant_keys = {"access", "future_tables"};
constexpr std::array table_grant_keys = {"access"};

Access read_access(const Path &path, const JsonValue &json)
{
    Access access = Access::none;
    if (!json.is_string() || !find_access(json.text(), access))
        refuse(path, "must be \"none\", \"read\", \"write\" or \"all\"");
    return access;
}

Grant read_grant(const Path &path, const JsonMember &member, std::span<const char *const> keys)
{
    require_name_at(path, "role", member.key);
    Grant grant{.role = member.key, .path = path.text, .access = Access::none, .has_future_tables = false};
    if (!member.value.is_object()) {
        grant.access = read_access(path, member.value);
        return grant;
    }
    bool has_access = false;
    for (const JsonMember &setting : require_members(path, member.value, keys)) {
        const Path place = path.key(setting.key);
        if (std::string_view(setting.key) == "access") {
            grant.access = read_access(place, setting.value);
            has_access = true;
        } else {
            grant.has_future_tables = require_boolean(place, setting.value);
        }
    }
    if (!has_access)
        refuse(path, "must have the key \"access\"");
    return grant;
}

} // namespace

Grants Grants::read(const Path &path, const JsonValue &json, Level level)
{
    require_object(path, json);
    const std::span<const char *const> keys = level == Level::table
                                                  ? std::span<const char *const>(table_grant_keys)
                                                  : std::span<const char *const>(schema_grant_keys);
    Grants grants{};
    for (const JsonMember &member : members_of(json))
        grants.grants.push(read_grant(path.key(member.key), member, keys));
    return grants;
}

::JsonbValue Grants::write() const
{
    JsonObject roles{};
    for (const Grant &grant : grants) {
        const ::JsonbValue access = make_string(access_name(grant.access));
        if (!grant.has_future_tables) {
            roles.add(grant.role, access);
            continue;
        }
        JsonObject both{};
        both.add("access", access);
        both.add("future_tables", make_boolean(true));
        roles.add(grant.role, both.finish());
    }
    return roles.finish();
}

Grants Grants::over(const Grants &weaker) const
{
    Grants both{};
    append(both.grants, grants);
    for (const Grant &grant : weaker.grants)
        if (find(grant.role) == nullptr)
            both.grants.push(grant);
    std::sort(both.grants.begin(), both.grants.end(),
              [](const Grant &left, const Grant &right) { return ::strcmp(left.role, right.role) < 0; });
    return both;
}

const Grant *Grants::find(std::string_view role) const
{
    const auto found =
        std::find_if(grants.begin(), grants.end(), [&](const Grant &grant) { return role == grant.role; });
    return found != grants.end() ? found : nullptr;
}

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::Grants);
