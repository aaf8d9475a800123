// What a publication publishes besides the user tables of the schemas.
#include "checks/check.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

constexpr std::size_t most_shown = 10; // names of tables

// Names of tables in these schemas that are hidden or an extension's, which a publication of everything
// publishes, too.
const char *uninvited(const Review &review, const Homes &homes)
{
    const char *names = "";
    std::size_t count = 0;
    for (const Subject &subject : review.all->items)
        if (homes.has(subject.relation->schema) && (subject.is_hidden || subject.is_member) &&
            subject.is_table() && review.scenario.is_permanent(*subject.relation) && ++count <= most_shown)
            names = names[0] == '\0' ? subject.name : ::psprintf("%s, %s", names, subject.name);
    return count > most_shown ? ::psprintf("%s and %zu more", names, count - most_shown) : names;
}

// Dropping a publication would take it from its consumers.
void all_tables(const Review &review, Findings &findings)
{
    const char *names = uninvited(review, review.question->homes);
    for (const Publication *publication : review.judged)
        if (publication->is_for_all && names[0] != '\0')
            findings.add({.subject = nullptr,
                          .object = shown_identifier(publication->name),
                          .text = ::psprintf(
                              "publication is FOR ALL TABLES: it publishes %s too. Make another one with "
                              "dj_deploy.set_publication_membership and point the consumer there.",
                              names)});
}

// Without the schema what nobody lists arrives no longer: hidden tables, and those to come.
void whole_schema(const Review &review, Findings &findings)
{
    for (const Publication *publication : review.judged) {
        const Homes whole = review.question->homes.where(
            [&](::Oid schema) { return publishes_schema(publication->oid, schema); });
        const char *names = uninvited(review, whole);
        if (names[0] != '\0')
            findings.add(
                {.subject = nullptr,
                 .object = shown_identifier(publication->name),
                 .text = ::psprintf("publication has TABLES IN SCHEMA %s: it publishes %s too", whole.names(),
                                    names),
                 .by_hand = ::psprintf(
                     "To publish user tables alone, in one transaction: ALTER PUBLICATION %s DROP TABLES IN "
                     "SCHEMA %s and SELECT dj_deploy.set_publication_membership(%s, %s, dry_run => false). "
                     "Then these tables, and new ones, no longer arrive.",
                     shown_identifier(publication->name), whole.names(), whole.argument(),
                     literal(publication->name))});
    }
}

struct SchemaCount {
    ::Oid schema;
    const char *name;
    std::size_t tables;
};

// schema (2), other (1): what it lists beside the tables of the homes.
const char *listed_elsewhere(const Review &review, const Publication &publication)
{
    Array<SchemaCount> counts;
    for (const ::Oid table : read_listed_tables(publication.oid)) {
        const ::Oid schema = ::get_rel_namespace(table);
        const char *name = ::get_namespace_name(schema);
        if (review.question->homes.has(schema) || review.all->find(table) != nullptr || name == nullptr)
            continue;
        const auto is_it = [&](const SchemaCount &count) { return count.schema == schema; };
        SchemaCount *count = std::find_if(counts.begin(), counts.end(), is_it);
        if (count == counts.end())
            counts.push({.schema = schema, .name = name, .tables = 1});
        else
            count->tables++;
    }
    std::sort(counts.begin(), counts.end(), [](const SchemaCount &left, const SchemaCount &right) {
        return ::strcmp(left.name, right.name) < 0;
    });
    const char *text = "";
    for (const SchemaCount &count : counts)
        text = ::psprintf("%s%s%s (%zu)", text, text[0] == '\0' ? "" : ", ", shown_identifier(count.name),
                          count.tables);
    return text;
}

// Mostly that is meant, so there is no statement to run along with the others.
void other_schemas(const Review &review, Findings &findings)
{
    for (const Publication *publication : review.judged) {
        const char *schemas = publication->is_for_all ? "" : listed_elsewhere(review, *publication);
        if (schemas[0] != '\0')
            findings.add({.subject = nullptr,
                          .object = shown_identifier(publication->name),
                          .text = ::psprintf(
                              "publication also publishes tables of other schemas: %s. Where that is not "
                              "meant: dj_deploy.set_publication_membership(..., member => false).",
                              schemas)});
    }
}

constexpr std::array checks = std::to_array<Check>({
    {.name = "publication_all_tables", .severities = "wwwww", .find = all_tables},
    {.name = "publication_whole_schema", .severities = "wwwww", .find = whole_schema},
    {.name = "publication_other_schemas", .severities = "iiiii", .find = other_schemas},
});

} // namespace

const std::span<const Check> extent_checks = checks;

} // namespace dj_deploy
