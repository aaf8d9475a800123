// The entry of a schema counts before patterns, and patterns do not count before each other.
#include "environment/patterns.hpp"

#include "catalog/schemas.hpp"
#include "environment/agreement.hpp"
#include "pg/context.hpp"
#include "request/target.hpp"

namespace dj_deploy {

bool matches(const char *pattern, const char *name)
{
    const char *after_star = nullptr; // where to go on in the pattern when what follows does not fit,
    const char *retry = nullptr;      // and in the name
    while (*name != '\0') {
        if (*pattern == '*') {
            after_star = ++pattern;
            retry = name;
        } else if (*pattern == '?') {
            pattern++;
            name += ::pg_mblen(name);
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (after_star != nullptr) {
            pattern = after_star;
            name = retry += ::pg_mblen(retry);
        } else {
            return false;
        }
    }
    return std::string_view(pattern).find_first_not_of('*') == std::string_view::npos;
}

namespace {

TableSettings *find_table(const Array<TableSettings> &tables, std::string_view name)
{
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [&](const TableSettings &table) { return table.name == name; });
    return found != tables.end() ? found : nullptr;
}

// What is said already stays.
void add_weaker(SchemaSettings &schema, const SchemaSettings &weaker)
{
    schema.settings.add_weaker(weaker.settings);
    for (const TableSettings &table : weaker.tables) {
        if (find_table(schema.tables, table.name) == nullptr)
            schema.tables.push(
                {.name = table.name, .path = table.path, .must_exist = table.must_exist, .settings = {}});
        find_table(schema.tables, table.name)->settings.add_weaker(table.settings);
    }
}

// 22023 where two patterns that match the schema differ about it, and its entry does not settle that.
void settle(const Environment &environment, std::span<const PatternPair> disputes, const Schema &schema,
            const SchemaSettings *entry)
{
    for_each_in_scratch(disputes, [&](const PatternPair &pair) {
        const SchemaSettings &left = environment.patterns[pair.first];
        const SchemaSettings &right = environment.patterns[pair.second];
        if (matches(left.name, schema.name) && matches(right.name, schema.name))
            require_agreement(schema, entry, left, right);
    });
}

const SchemaSettings *put_together(const Schema &schema, const SchemaSettings *entry,
                                   std::span<const SchemaSettings *const> patterns)
{
    SchemaSettings whole{.name = schema.name,
                         .path = entry != nullptr ? entry->path : patterns[0]->path,
                         .settings = {},
                         .tables = {}};
    if (entry != nullptr)
        add_weaker(whole, *entry);
    for (const SchemaSettings *pattern : patterns)
        add_weaker(whole, *pattern);
    return keep_value(whole);
}

Array<const SchemaSettings *> patterns_for(const Environment &environment, const char *schema)
{
    Array<const SchemaSettings *> patterns;
    for (const SchemaSettings &pattern : environment.patterns)
        if (matches(pattern.name, schema))
            patterns.push(&pattern);
    return patterns;
}

void notice_unmatched(const SchemaSettings &pattern, std::span<const Schema> schemas, Array<Remark> &notices)
{
    Array<::Oid> matched;
    for (const Schema &schema : schemas)
        if (matches(pattern.name, schema.name))
            matched.push(schema.oid);
    if (matched.is_empty())
        return notices.push({.level = NOTICE,
                             .message = ::psprintf("schema pattern \"%s\" matches no schema", pattern.name)});
    for (const TableSettings &table : pattern.tables)
        if (std::none_of(matched.begin(), matched.end(),
                         [&](::Oid schema) { return has_table(schema, table.name); }))
            notices.push({.level = NOTICE,
                          .message = ::psprintf("no schema that matches \"%s\" has a table \"%s\"",
                                                pattern.name, table.name)});
}

} // namespace

Array<CoveredSchema> covered_schemas(const Environment &environment, Array<Remark> &notices)
{
    Array<CoveredSchema> covered;
    for (const SchemaSettings &entry : environment.schemas)
        with_place({entry.path},
                   [&] { covered.push({.oid = resolve_schema(entry.name), .settings = &entry}); });
    if (environment.patterns.is_empty())
        return covered;
    const std::size_t entries = covered.count;
    const Array<PatternPair> disputes = read_disputes(environment);
    const Array<Schema> schemas = read_user_schemas();
    for (const Schema &schema : schemas) {
        CHECK_FOR_INTERRUPTS();
        const Array<const SchemaSettings *> patterns = patterns_for(environment, schema.name);
        if (patterns.is_empty())
            continue;
        const auto entry = std::find_if(covered.begin(), covered.begin() + entries,
                                        [&](const CoveredSchema &other) { return other.oid == schema.oid; });
        settle(environment, disputes.view(), schema,
               entry != covered.begin() + entries ? entry->settings : nullptr);
        if (entry != covered.begin() + entries)
            entry->settings = put_together(schema, entry->settings, patterns.view());
        else
            covered.push({.oid = schema.oid, .settings = put_together(schema, nullptr, patterns.view())});
    }
    for (const SchemaSettings &pattern : environment.patterns)
        notice_unmatched(pattern, schemas.view(), notices);
    return covered;
}

} // namespace dj_deploy
