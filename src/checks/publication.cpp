// The publication itself: that it is there, what it publishes, how, and whose it is.
#include "checks/check.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

const char *shown(const Publication &publication)
{
    return shown_identifier(publication.name);
}

const char *schema_name(const Review &review)
{
    return shown_identifier(review.question->schema_name);
}

// Of a schema without tables that could be published nothing is proposed.
Array<Proposal> publish_all(const Review &review, const Publication &publication)
{
    return review.user_tables == 0 ? Array<Proposal>{} : proposals({join_all(publication)});
}

const char *nothing_to_publish(const Review &review)
{
    return review.user_tables > 0 ? "" : ", and the schema has none for it";
}

constexpr const char *identities_first = "Before its tables join, their replica identities, generated "
                                         "columns or filters have to go together: UPDATE "
                                         "and DELETE would fail.";

void none(const Review &review, Findings &findings)
{
    if (review.question->publication[0] != '\0' || review.user_tables == 0 || !review.judged.is_empty())
        return;
    findings.add({.subject = nullptr,
                  .object = schema_name(review),
                  .text = "no publication publishes a table of the schema",
                  .proposals = publish_all(review, *new_publication("cdc")),
                  .by_hand = identities_first});
}

void missing(const Review &review, Findings &findings)
{
    const char *name = review.question->publication;
    if (name[0] == '\0' || !review.judged.is_empty())
        return;
    findings.add({.subject = nullptr,
                  .object = shown_identifier(name),
                  .text = ::psprintf("publication does not exist%s", nothing_to_publish(review)),
                  .proposals = publish_all(review, *new_publication(name)),
                  .by_hand = review.user_tables > 0 ? identities_first : nullptr});
}

// One that is not named is judged because it publishes something.
bool holds_nothing(const Review &review, const Publication &publication)
{
    return review.question->publication[0] != '\0' && !publication.is_for_all && is_empty(publication.oid) &&
           !review.scenario.adds_to(publication);
}

void empty(const Review &review, Findings &findings)
{
    for (const Publication *publication : review.judged) {
        if (!holds_nothing(review, *publication))
            continue;
        const bool can_list = !publication->is_for_sequences;
        findings.add({.subject = nullptr,
                      .object = shown(*publication),
                      .text = ::psprintf("publication holds no table%s", nothing_to_publish(review)),
                      .proposals = can_list ? publish_all(review, *publication) : Array<Proposal>{},
                      .by_hand = can_list && review.user_tables > 0 ? identities_first : nullptr});
    }
}

const char *join_words(std::initializer_list<std::pair<bool, const char *>> words)
{
    const char *text = "";
    for (const auto &[is_there, word] : words)
        if (is_there)
            text = text[0] == '\0' ? word : ::psprintf("%s, %s", text, word);
    return text;
}

Proposal publish(const Publication &publication)
{
    Intent intent{};
    intent.publications.push(publication);
    const char *operations = join_words({{publication.is_insert, "insert"},
                                         {publication.is_update, "update"},
                                         {publication.is_delete, "delete"},
                                         {publication.is_truncate, "truncate"}});
    return statement(::psprintf("ALTER PUBLICATION %s SET (publish = '%s')", shown(publication), operations),
                     intent);
}

// What it publishes of truncations stays as it is.
void operations(const Review &review, Findings &findings)
{
    for (const Publication *publication : review.judged) {
        if (publication->is_insert && publication->is_update && publication->is_delete)
            continue;
        Publication whole = *publication;
        whole.is_insert = whole.is_update = whole.is_delete = true;
        findings.add(
            {.subject = nullptr,
             .object = shown(*publication),
             .text = ::psprintf("publication does not publish %s",
                                join_words({{!publication->is_insert, "insert"},
                                            {!publication->is_update, "update"},
                                            {!publication->is_delete, "delete"}})),
             .proposals = proposals({publish(whole)}),
             .by_hand =
                 "Before it does, its tables need a replica identity that goes with their row filters, "
                 "column lists and generated columns, in whatever schema they are."});
    }
}

// Only when nothing else is missing: then the remedies of both cannot undo each other.
void truncation(const Review &review, Findings &findings)
{
    for (const Publication *publication : review.judged) {
        if (!publication->is_insert || !publication->is_update || !publication->is_delete ||
            publication->is_truncate)
            continue;
        Publication whole = *publication;
        whole.is_truncate = true;
        findings.add(
            {.subject = nullptr,
             .object = shown(*publication),
             .text = "publication does not publish truncate: rows that TRUNCATE removes stay at the consumer",
             .proposals = proposals({publish(whole)})});
    }
}

// To change it renames what arrives, and what a subscription has no table for is lost: no statement does that
// safely by itself.
void via_root(const Review &review, Findings &findings)
{
    for (const Publication *publication : review.judged) {
        const char *names = "";
        for (const Subject &subject : review.all->items)
            if (subject.is_user() && subject.relation->kind == RELKIND_PARTITIONED_TABLE &&
                review.scenario.holds(*subject.relation, *publication))
                names = names[0] == '\0' ? subject.name : ::psprintf("%s, %s", names, subject.name);
        if (publication->is_via_root || names[0] == '\0')
            continue;
        findings.add(
            {.subject = nullptr,
             .object = shown(*publication),
             .text = ::psprintf("publish_via_partition_root is off: changes of %s arrive under the names of "
                                "partitions",
                                names),
             .by_hand =
                 ::psprintf("With it they come under another name, and filters and lists of partitions "
                            "no longer count. Safely: stop writes to them, ALTER PUBLICATION %s SET "
                            "(publish_via_partition_root = true), ALTER SUBSCRIPTION ... REFRESH "
                            "PUBLICATION WITH (copy_data = false) or prepare other consumers, let "
                            "writes go on.",
                            shown(*publication))});
    }
}

void owner(const Review &review, Findings &findings)
{
    const char *role = shown_identifier(::GetUserNameFromId(::GetUserId(), false));
    for (const Publication *publication : review.judged) {
        const bool is_new = review.scenario.facts->publication(publication->oid) == nullptr;
        if (is_new || is_owned(*publication))
            continue;
        findings.add(
            {.subject = nullptr,
             .object = shown(*publication),
             .text = ::psprintf("publication belongs to role %s: role %s cannot change it",
                                shown_identifier(::GetUserNameFromId(publication->owner, false)), role),
             .proposals = proposals(
                 {statement(::psprintf("ALTER PUBLICATION %s OWNER TO %s", shown(*publication), role))})});
    }
}

// Names of tables that are hidden or an extension's, which a publication of everything publishes, too.
const char *uninvited(const Review &review)
{
    const char *names = "";
    for (const Subject &subject : review.all->items)
        if (subject.is_home && (subject.is_hidden || subject.is_member) && subject.is_table() &&
            review.scenario.is_permanent(*subject.relation))
            names = names[0] == '\0' ? subject.name : ::psprintf("%s, %s", names, subject.name);
    return names;
}

// Dropping a publication would take it from its consumers.
void all_tables(const Review &review, Findings &findings)
{
    const char *names = uninvited(review);
    for (const Publication *publication : review.judged)
        if (publication->is_for_all && names[0] != '\0')
            findings.add({.subject = nullptr,
                          .object = shown(*publication),
                          .text = ::psprintf(
                              "publication is FOR ALL TABLES: it publishes %s too. Make another one with "
                              "dj_deploy.set_publication_membership and point the consumer there.",
                              names)});
}

// Without the schema what nobody lists arrives no longer: hidden tables, and those to come.
void whole_schema(const Review &review, Findings &findings)
{
    const char *names = uninvited(review);
    const char *schema = review.question->schema_name;
    for (const Publication *publication : review.judged)
        if (names[0] != '\0' && publishes_schema(publication->oid, review.question->schema))
            findings.add(
                {.subject = nullptr,
                 .object = shown(*publication),
                 .text = ::psprintf("publication has TABLES IN SCHEMA %s: it publishes %s too",
                                    shown_identifier(schema), names),
                 .by_hand = ::psprintf(
                     "To publish user tables alone, in one transaction: ALTER PUBLICATION %s DROP TABLES IN "
                     "SCHEMA %s and SELECT dj_deploy.set_publication_membership(%s, %s, dry_run => false). "
                     "Then these tables, and new ones, no longer arrive.",
                     shown(*publication), shown_identifier(schema), literal(schema),
                     literal(publication->name))});
}

struct SchemaCount {
    ::Oid schema;
    std::size_t tables;
};

// schema (2), other (1): what it lists beside the schema's own.
const char *listed_elsewhere(const Review &review, const Publication &publication)
{
    Array<SchemaCount> counts;
    for (const ::Oid table : read_listed_tables(publication.oid)) {
        const ::Oid schema = ::get_rel_namespace(table);
        if (schema == review.question->schema || review.all->find(table) != nullptr || !OidIsValid(schema))
            continue;
        const auto is_it = [&](const SchemaCount &count) { return count.schema == schema; };
        SchemaCount *count = std::find_if(counts.begin(), counts.end(), is_it);
        if (count == counts.end())
            counts.push({.schema = schema, .tables = 1});
        else
            count->tables++;
    }
    std::sort(counts.begin(), counts.end(), [](const SchemaCount &left, const SchemaCount &right) {
        return ::strcmp(::get_namespace_name(left.schema), ::get_namespace_name(right.schema)) < 0;
    });
    const char *text = "";
    for (const SchemaCount &count : counts)
        text = ::psprintf("%s%s%s (%zu)", text, text[0] == '\0' ? "" : ", ",
                          shown_identifier(::get_namespace_name(count.schema)), count.tables);
    return text;
}

// Mostly that is meant, so there is no statement to run along with the others.
void other_schemas(const Review &review, Findings &findings)
{
    for (const Publication *publication : review.judged) {
        const char *schemas = publication->is_for_all ? "" : listed_elsewhere(review, *publication);
        if (schemas[0] != '\0')
            findings.add({.subject = nullptr,
                          .object = shown(*publication),
                          .text = ::psprintf(
                              "publication also publishes tables of other schemas: %s. Where that is not "
                              "meant: dj_deploy.set_publication_membership(..., member => false).",
                              schemas)});
    }
}

constexpr std::array checks = std::to_array<Check>({
    {.name = "no_publication", .severities = "e-eee", .find = none},
    {.name = "publication_missing", .severities = "eeeee", .find = missing},
    {.name = "publication_empty", .severities = "eeeee", .find = empty},
    {.name = "publication_operations", .severities = "eeeee", .find = operations},
    {.name = "publication_truncate", .severities = "iii-w", .find = truncation},
    {.name = "publication_via_root", .severities = "wwwiw", .find = via_root},
    {.name = "publication_owner", .severities = "iiiii", .find = owner},
    {.name = "publication_all_tables", .severities = "wwwww", .find = all_tables},
    {.name = "publication_whole_schema", .severities = "wwwww", .find = whole_schema},
    {.name = "publication_other_schemas", .severities = "iiiii", .find = other_schemas},
});

} // namespace

const std::span<const Check> publication_checks = checks;

} // namespace dj_deploy
