// Tables whose changes are in no WAL that could be decoded.
#include "checks/check.hpp"
#include "pg/kept_query.hpp"

namespace dj_deploy {

namespace {

struct Reference {
    ::Oid table;
    const char *name;
    bool is_in_the_way; // it references one that references it, or is partitioned, which no statement logs
};

// The unlogged tables that the table references, those farthest away first, and itself: a table can be logged
// only when those are.
Array<Reference> read_references(::Oid table)
{
    constexpr const char *sql = R"(
    WITH RECURSIVE referenced(oid, path, is_again) AS (
        SELECT $1, ARRAY[$1], false
        UNION ALL
        SELECT k.confrelid, f.path || k.confrelid, k.confrelid = ANY (f.path)
        FROM referenced f
        JOIN pg_catalog.pg_constraint k ON k.conrelid = f.oid
        JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
        WHERE k.contype = 'f' AND k.confrelid <> f.oid AND c.relpersistence = 'u'
          AND NOT f.is_again
    )
    SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.bool_or(f.is_again OR c.relkind = 'p')
    FROM referenced f
    JOIN pg_catalog.pg_class c ON c.oid = f.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    GROUP BY c.oid, n.nspname, c.relname
    ORDER BY pg_catalog.max(pg_catalog.cardinality(f.path)) DESC, 2)";

    Array<Reference> references;
    kept_query(
        sql,
        [&](const Row &row) {
            references.push({.table = row.oid(1), .name = row.string(2), .is_in_the_way = row.boolean(3)});
        },
        table);
    return references;
}

struct LoggedTexts {
    const char *parents;    // " after lab.a, lab.b"
    const char *statements; // null where the tables reference each other
    Intent intent;
};

LoggedTexts logged_texts(const Subject &subject)
{
    LoggedTexts texts{.parents = "", .statements = "", .intent = {}};
    for (const Reference &reference : read_references(subject.relation->oid)) {
        if (reference.table != subject.relation->oid)
            texts.parents = ::psprintf("%s%s%s", texts.parents, texts.parents[0] == '\0' ? " after " : ", ",
                                       reference.name);
        texts.intent.logged.push(reference.table);
        if (texts.statements == nullptr || reference.is_in_the_way)
            texts.statements = nullptr;
        else
            texts.statements = ::psprintf("%s%sALTER TABLE %s SET LOGGED", texts.statements,
                                          texts.statements[0] == '\0' ? "" : "; ", reference.name);
    }
    return texts;
}

// Of the permanent partitions those whose changes do not arrive: ", and lab.a and 2 more are not"; null where
// all do.
const char *unlisted_partitions(const Review &review, const Subject &root)
{
    const char *first = nullptr;
    std::size_t permanent = 0;
    std::size_t unlisted = 0;
    for (const Subject *leaf : review.leaves(root)) {
        if (!review.scenario.is_permanent(*leaf->relation))
            continue;
        permanent++;
        if (review.is_published(*leaf))
            continue;
        unlisted++;
        first = first == nullptr || ::strcmp(leaf->name, first) < 0 ? leaf->name : first;
    }
    if (first == nullptr)
        return permanent > 0 ? nullptr : "";
    return unlisted == 1 ? ::psprintf(", and %s is not", first)
                         : ::psprintf(", and %s and %zu more are not", first, unlisted - 1);
}

// Before 18, where a partitioned table can be unlogged, which means nothing for its partitions.
void unlogged_root(const Review &review, const Subject &subject, Findings &findings)
{
    const char *unlisted = unlisted_partitions(review, subject);
    if (unlisted == nullptr)
        return;
    constexpr const char *what =
        "unlogged partitioned table: no publication can list it, and SET LOGGED leaves it as it is. Changes "
        "of its partitions arrive only where those are listed";
    findings.add({
        .subject = &subject,
        .object = subject.name,
        .text = ::psprintf("%s%s", what, unlisted),
        .common = what,
        .by_hand = "List its permanent partitions one by one, those to come, too; or make a permanent table "
                   "like it (LIKE ... INCLUDING ALL) and move the partitions there, with DETACH and ATTACH "
                   "PARTITION.",
    });
}

// To join is better; where nothing joins yet, to be logged is a step.
Array<Proposal> logged_proposals(const LoggedTexts &texts, const Publication *chosen)
{
    if (chosen == nullptr)
        return proposals({run_and_join(texts.statements, texts.intent, nullptr)});
    return proposals({run_and_join(texts.statements, texts.intent, chosen),
                      run_and_join(texts.statements, texts.intent, nullptr)});
}

// What is logged may be published at once, so all of them need an identity. A partition belongs where its
// root does.
void unlogged(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        const bool is_partition = subject->root != nullptr && subject->root->is_user() && subject->is_leaf();
        const bool is_told = is_partition || subject->heir_of != nullptr || subject->is_user();
        if (review.scenario.is_permanent(*subject->relation) || !is_told)
            continue;
        if (!subject->is_leaf()) {
            unlogged_root(review, *subject, findings);
            continue;
        }
        const LoggedTexts texts = logged_texts(*subject);
        const bool joins = !is_partition && !review.is_published_when_logged(*subject);
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf(
                "unlogged %s: its changes are not in the WAL, no consumer sees them. SET LOGGED rewrites "
                "it%s; rows that are there by then arrive only with a new copy of the table.",
                is_partition ? "partition" : "table", texts.parents),
            .common = "unlogged: changes are not in the WAL, no consumer sees them. SET LOGGED rewrites the "
                      "tables; rows "
                      "that are there by then arrive only with a new copy.",
            .proposals = texts.statements == nullptr
                             ? Array<Proposal>{}
                             : logged_proposals(texts, joins ? review.chosen_for(*subject) : nullptr),
            .by_hand = texts.statements == nullptr
                           ? "It and others reference each other, or an unlogged partitioned table, which "
                             "stays one: drop a foreign key first."
                           : "First its identity, generated columns or filters have to go "
                             "together: UPDATE and DELETE would fail.",
        });
    }
}

void foreign_table(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects)
        if (subject->is_home && !subject->is_table() && !subject->relation->is_partition &&
            !subject->is_hidden && !subject->is_member)
            findings.add(
                {.subject = subject,
                 .object = subject->name,
                 .text = "foreign table: its changes are not in the WAL of this server. Have them captured "
                         "where the data live."});
}

void foreign_partition(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        const Subject *of = subject->heir_of != nullptr ? subject->heir_of : subject->root;
        if (subject->is_table() || of == nullptr || !of->is_user())
            continue;
        const char *what = subject->relation->is_partition ? "partition of" : "table that inherits from";
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf(
                "foreign %s %s: its changes are not in the WAL of this server, and they are missing "
                "among those of %s. Have them captured where the data live.",
                what, of->name, of->name),
            .common =
                ::psprintf("foreign, as a %s %s or another table: their changes are not in the WAL of this "
                           "server. Have them captured where the data live.",
                           what, of->name),
        });
    }
}

constexpr std::array checks = std::to_array<Check>({
    {.name = "unlogged_table", .severities = "wwwww", .find = unlogged},
    {.name = "foreign_table", .severities = "iiiii", .find = foreign_table},
    {.name = "foreign_partition", .severities = "wwwww", .find = foreign_partition},
});

} // namespace

const std::span<const Check> storage_checks = checks;

} // namespace dj_deploy
