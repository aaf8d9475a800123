// The publication itself: that it is there, what it publishes, how, and whose it is.
#include "checks/check.hpp"
#include "pg/context.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

const char *shown(const Publication &publication)
{
    return shown_identifier(publication.name);
}

// "the schema", or "the schemas", of which the rest says something.
const char *by_number(const Review &review, const char *one, const char *several)
{
    return review.question->homes.is_one() ? one : several;
}

// Of a schema without tables that could be published nothing is proposed.
Array<Proposal> publish_all(const Review &review, const Publication &publication)
{
    return review.user_tables == 0 ? Array<Proposal>{} : proposals({join_all(publication)});
}

const char *nothing_to_publish(const Review &review)
{
    return review.user_tables > 0
               ? ""
               : by_number(review, ", and the schema has none for it", ", and the schemas have none for it");
}

constexpr const char *identities_first = "Before its tables join, their replica identities, generated "
                                         "columns or filters have to go together: UPDATE "
                                         "and DELETE would fail.";

// Of insert, update and delete.
const char *missing_from(const Publication &publication)
{
    Publication missing = publication;
    for (const auto &[name, is_published] : publication_operations)
        missing.*is_published = !(publication.*is_published);
    missing.is_truncate = false;
    return operations_of(missing);
}

constexpr const char *usual_name = "cdc";

// One of the usual name is judged, too, once tables join it: it has to publish all of them.
void none(const Review &review, Findings &findings)
{
    if (review.question->publication[0] != '\0' || review.user_tables == 0 || !review.judged.is_empty())
        return;
    const About about = review.question->homes.about();
    const std::optional<Publication> elsewhere = read_publication(usual_name);
    const char *missing = !elsewhere ? "" : elsewhere->is_for_sequences ? "tables" : missing_from(*elsewhere);
    const Publication *joined = elsewhere ? keep_value(*elsewhere) : new_publication(usual_name);
    findings.add({.subject = nullptr,
                  .object = about.schema != nullptr ? shown_identifier(about.schema) : about.object,
                  .text = by_number(review, "no publication publishes a table of the schema",
                                    "no publication publishes a table of the schemas"),
                  .proposals = missing[0] == '\0' ? publish_all(review, *joined) : Array<Proposal>{},
                  .by_hand = missing[0] == '\0'
                                 ? identities_first
                                 : ::psprintf("Publication %s is there for other tables and does not publish "
                                              "%s: choose another name for set_publication_membership.",
                                              usual_name, missing),
                  .place = about});
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

Proposal publish(const Publication &publication)
{
    Intent intent{};
    intent.publications.push(publication);
    return statement(::psprintf("ALTER PUBLICATION %s SET (publish = '%s')", shown(publication),
                                operations_of(publication)),
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
             .text = ::psprintf("publication does not publish %s", missing_from(*publication)),
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

constexpr std::array checks = std::to_array<Check>({
    {.name = "no_publication", .severities = "e-eee", .find = none},
    {.name = "publication_missing", .severities = "eeeee", .find = missing},
    {.name = "publication_empty", .severities = "eeeee", .find = empty},
    {.name = "publication_operations", .severities = "eeeee", .find = operations},
    {.name = "publication_truncate", .severities = "iii-w", .find = truncation},
    {.name = "publication_via_root", .severities = "wwwiw", .find = via_root},
    {.name = "publication_owner", .severities = "iiiii", .find = owner},
});

} // namespace

const std::span<const Check> publication_checks = checks;

} // namespace dj_deploy
