// Two values are the same when they are written alike; of those with members each member is a value.
#include "environment/agreement.hpp"

#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

// What one of the patterns, or the entry of a schema, says of the schema or of one of its tables.
struct Place {
    const SchemaSettings *said_by;
    const Path path;
    const Settings *settings; // null when it says nothing
};

Place place_of_schema(const SchemaSettings &said_by)
{
    return {.said_by = &said_by, .path = {said_by.path}, .settings = &said_by.settings};
}

Place place_of_table(const SchemaSettings &said_by, std::string_view name)
{
    for (const TableSettings &table : said_by.tables)
        if (table.name == name)
            return {.said_by = &said_by, .path = {table.path}, .settings = &table.settings};
    return {.said_by = &said_by, .path = {said_by.path}, .settings = nullptr};
}

// Null for what has no such member.
const ::JsonbValue *find_member(const ::JsonbValue &object, const ::JsonbValue &key)
{
    for (int index = 0; index < object.val.object.nPairs; index++) {
        const ::JsonbPair &pair = object.val.object.pairs[index];
        if (text_of(pair.key) == text_of(key))
            return &pair.value;
    }
    return nullptr;
}

struct Contradiction {
    const char *schema;
    const SchemaSettings *patterns[2];
    const char *places[2];
};

[[noreturn]] void raise(const Contradiction &found, const ::JsonbValue &left, const ::JsonbValue &right)
{
    ereport(
        ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
        errmsg("invalid environment: schema patterns \"%s\" and \"%s\" contradict each other about schema "
               "\"%s\"",
               found.patterns[0]->name, found.patterns[1]->name, found.schema),
        errdetail("%s is %s, and %s is %s.", found.places[0], shorten(json_text(left)), found.places[1],
                  shorten(json_text(right))),
        errhint("What is said of the schema itself counts before patterns: say it at %s.",
                Path{"$.schemas"}.key(found.schema).text));
    ::pg_unreachable();
}

struct Comparison {
    const char *schema;
    const Place &left;
    const Place &right;
    const Settings *entry; // of the schema, or of its table; null when there is none

    void require_same(const Key &key) const
    {
        const ::JsonbValue value = key.write(left.settings->find(key));
        const ::JsonbValue other = key.write(right.settings->find(key));
        const void *settled = entry != nullptr ? entry->find(key) : nullptr;
        if (!key.has_members) {
            if (settled == nullptr)
                compare(left.path.key(key.name), value, right.path.key(key.name), other);
            return;
        }
        const ::JsonbValue decided = settled != nullptr ? key.write(settled) : JsonObject{}.finish();
        for (int index = 0; index < value.val.object.nPairs; index++) {
            const ::JsonbPair &pair = value.val.object.pairs[index];
            const ::JsonbValue *member = find_member(other, pair.key);
            if (member == nullptr || find_member(decided, pair.key) != nullptr)
                continue;
            const char *name = ::pnstrdup(pair.key.val.string.val, pair.key.val.string.len);
            compare(left.path.key(key.name).key(name), pair.value, right.path.key(key.name).key(name),
                    *member);
        }
    }

private:
    void compare(const Path &place, const ::JsonbValue &value, const Path &other_place,
                 const ::JsonbValue &other) const
    {
        if (!is_same_json(value, other))
            raise({.schema = schema,
                   .patterns = {left.said_by, right.said_by},
                   .places = {place.text, other_place.text}},
                  value, other);
    }
};

void require_agreement_at(const char *schema, const Settings *entry, const Place &left, const Place &right)
{
    if (left.settings == nullptr || right.settings == nullptr)
        return;
    for (const KeyedValue &value : left.settings->all)
        if (right.settings->find(*value.key) != nullptr)
            Comparison{.schema = schema, .left = left, .right = right, .entry = entry}.require_same(
                *value.key);
}

} // namespace

void require_agreement(const char *schema, const SchemaSettings *entry,
                       std::span<const SchemaSettings *const> patterns)
{
    for (std::size_t first = 0; first < patterns.size(); first++)
        for (std::size_t second = first + 1; second < patterns.size(); second++) {
            require_agreement_at(schema, entry != nullptr ? &entry->settings : nullptr,
                                 place_of_schema(*patterns[first]), place_of_schema(*patterns[second]));
            for (const TableSettings &table : patterns[first]->tables)
                require_agreement_at(schema,
                                     entry != nullptr ? place_of_table(*entry, table.name).settings : nullptr,
                                     place_of_table(*patterns[first], table.name),
                                     place_of_table(*patterns[second], table.name));
        }
}

} // namespace dj_deploy
