// Two values are the same when they are written alike; of those with members each member is a value.
#include "environment/agreement.hpp"

#include "pg/context.hpp"
#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

// What one of the patterns, or the entry of a schema, says of the schema or of one of its tables.
struct Place {
    Path path;
    const Settings *settings; // null when it says nothing
};

Place place_of_schema(const SchemaSettings &said_by)
{
    return {.path = {said_by.path}, .settings = &said_by.settings};
}

Place place_of_table(const SchemaSettings &said_by, std::string_view name)
{
    for (const TableSettings &table : said_by.tables)
        if (table.name == name)
            return {.path = {table.path}, .settings = &table.settings};
    return {.path = {said_by.path}, .settings = nullptr};
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
    const char *places[2];
    ::JsonbValue values[2];
};

struct Comparison {
    const Place &left;
    const Place &right;
    const Settings *entry; // of the schema, or of its table; null when there is none

    // The first difference, null without one.
    const Contradiction *find(const Key &key) const
    {
        const ::JsonbValue value = key.write(left.settings->find(key));
        const ::JsonbValue other = key.write(right.settings->find(key));
        const void *settled = entry != nullptr ? entry->find(key) : nullptr;
        if (!key.has_members)
            return settled == nullptr
                       ? compare(left.path.key(key.name), value, right.path.key(key.name), other)
                       : nullptr;
        const ::JsonbValue decided = settled != nullptr ? key.write(settled) : JsonObject{}.finish();
        for (int index = 0; index < value.val.object.nPairs; index++) {
            const ::JsonbPair &pair = value.val.object.pairs[index];
            const ::JsonbValue *member = find_member(other, pair.key);
            if (member == nullptr || find_member(decided, pair.key) != nullptr)
                continue;
            const char *name = ::pnstrdup(pair.key.val.string.val, pair.key.val.string.len);
            if (const Contradiction *found = compare(left.path.key(key.name).key(name), pair.value,
                                                     right.path.key(key.name).key(name), *member))
                return found;
        }
        return nullptr;
    }

private:
    static const Contradiction *compare(const Path &place, const ::JsonbValue &value, const Path &other_place,
                                        const ::JsonbValue &other)
    {
        if (is_same_json(value, other))
            return nullptr;
        return keep_value(Contradiction{.places = {place.text, other_place.text}, .values = {value, other}});
    }
};

const Contradiction *find_at(const Settings *entry, const Place &left, const Place &right)
{
    if (left.settings == nullptr || right.settings == nullptr)
        return nullptr;
    for (const KeyedValue &value : left.settings->all)
        if (right.settings->find(*value.key) != nullptr)
            if (const Contradiction *found =
                    Comparison{.left = left, .right = right, .entry = entry}.find(*value.key))
                return found;
    return nullptr;
}

// Of a schema; InvalidOid stands for one that has every table.
const Contradiction *find_contradiction(::Oid schema, const SchemaSettings *entry, const SchemaSettings &left,
                                        const SchemaSettings &right)
{
    if (const Contradiction *found = find_at(entry != nullptr ? &entry->settings : nullptr,
                                             place_of_schema(left), place_of_schema(right)))
        return found;
    for (const TableSettings &table : left.tables) {
        if (OidIsValid(schema) && !has_table(schema, table.name))
            continue;
        const Settings *settled = entry != nullptr ? place_of_table(*entry, table.name).settings : nullptr;
        if (const Contradiction *found =
                find_at(settled, place_of_table(left, table.name), place_of_table(right, table.name)))
            return found;
    }
    return nullptr;
}

} // namespace

Array<PatternPair> read_disputes(const Environment &environment)
{
    Array<PatternPair> pairs;
    for (std::size_t first = 0; first < environment.patterns.count; first++)
        for (std::size_t second = first + 1; second < environment.patterns.count; second++)
            pairs.push({.first = first, .second = second});
    Array<PatternPair> disputes;
    for_each_in_scratch(pairs, [&](const PatternPair &pair) {
        if (find_contradiction(InvalidOid, nullptr, environment.patterns[pair.first],
                               environment.patterns[pair.second]) != nullptr)
            disputes.push(pair);
    });
    return disputes;
}

void require_agreement(const Schema &schema, const SchemaSettings *entry, const SchemaSettings &left,
                       const SchemaSettings &right)
{
    const Contradiction *found = find_contradiction(schema.oid, entry, left, right);
    if (found == nullptr)
        return;
    ereport(
        ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
        errmsg("invalid environment: schema patterns \"%s\" and \"%s\" contradict each other about schema "
               "\"%s\"",
               left.name, right.name, schema.name),
        errdetail("%s is %s, and %s is %s.", found->places[0], shorten(json_text(found->values[0])),
                  found->places[1], shorten(json_text(found->values[1]))),
        errhint("A setting of the schema itself takes precedence over patterns: set it at %s.",
                Path{"$.schemas"}.key(schema.name).text));
}

} // namespace dj_deploy
