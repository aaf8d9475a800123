// "replica_identity": "full", "default" or "nothing"; of a table also {"index": "name"}, or {"index": null}
// for one that was dropped.
#include "planners/replica_identity.hpp"

#include "environment/description.hpp"
#include "environment/draft.hpp"

namespace dj_deploy {

namespace {

struct ReplicaIdentity {
    static constexpr const char *name = "replica_identity";
    static constexpr std::array levels = {Level::schema, Level::table};
    static constexpr int turn = 20;

    char kind;         // as in pg_class.relreplident
    const char *index; // of identity 'i', which only a table can have; null when it was dropped

    static ReplicaIdentity read(const Path &path, const JsonValue &json, Level level);
    ::JsonbValue write() const;
    static void plan(Draft &draft);
    static void describe(Description &description);

    static ReplicaIdentity unsaid() { return {.kind = REPLICA_IDENTITY_DEFAULT, .index = nullptr}; }
    bool is_for_schema() const { return kind == REPLICA_IDENTITY_FULL || kind == REPLICA_IDENTITY_DEFAULT; }
    bool counts_below() const { return kind != REPLICA_IDENTITY_INDEX; }
    bool operator==(const ReplicaIdentity &) const = default; // no two indexes are ever compared

private:
    static ReplicaIdentity read_index(const Path &path, const JsonValue &json);
};

constexpr std::array index_keys = {"index"};

ReplicaIdentity ReplicaIdentity::read(const Path &path, const JsonValue &json, Level level)
{
    const bool may_have_index = level == Level::table;
    if (json.is_object() && may_have_index)
        return read_index(path, json);
    const char *word = json.is_string() ? json.text() : "";
    for (const char kind : {REPLICA_IDENTITY_FULL, REPLICA_IDENTITY_DEFAULT, REPLICA_IDENTITY_NOTHING})
        if (::pg_strcasecmp(word, identity_word(kind, nullptr)) == 0)
            return {.kind = kind, .index = nullptr};
    refuse(path, may_have_index ? "must be \"full\", \"default\", \"nothing\" or {\"index\": \"name\"}"
                                : "must be \"full\", \"default\" or \"nothing\"");
}

ReplicaIdentity ReplicaIdentity::read_index(const Path &path, const JsonValue &json)
{
    const Array<JsonMember> members = require_members(path, json, index_keys);
    if (members.is_empty())
        refuse(path, "must have the key \"index\"");
    ReplicaIdentity identity{.kind = REPLICA_IDENTITY_INDEX, .index = nullptr};
    if (members[0].value.is_null())
        return identity;
    identity.index = require_string(path.key(members[0].key), members[0].value);
    require_name_at(path, "index", identity.index);
    return identity;
}

::JsonbValue ReplicaIdentity::write() const
{
    if (kind != REPLICA_IDENTITY_INDEX)
        return make_string(identity_word(kind, nullptr));
    JsonObject object{};
    object.add("index", make_string_or_null(index));
    return object.finish();
}

void ReplicaIdentity::plan(Draft &draft)
{
    draft.for_each_value<ReplicaIdentity>([&](const ReplicaIdentity &said, std::span<const Table> tables) {
        Plan plan = draft.new_plan();
        ReplicaIdentityPlanner{.identity = said.kind, .index = said.index, .skip_unchanged = true}.plan(
            {}, tables, plan);
        for (const Change &change : plan.changes)
            draft.intent.identities.push(
                {.table = change.table->oid,
                 .kind = said.kind,
                 .index = said.index == nullptr ? InvalidOid
                                                : ::get_relname_relid(said.index, change.table->schema_oid)});
        draft.add(plan);
    });
}

void ReplicaIdentity::describe(Description &description)
{
    description.describe_values<ReplicaIdentity>([](const Table &table) -> std::optional<ReplicaIdentity> {
        return ReplicaIdentity{.kind = table.replica_identity, .index = table.identity_index};
    });
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::ReplicaIdentity);
