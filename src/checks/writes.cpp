// Writes that the server refuses now, because a published table and its replica identity do not go together:
// the fourth case, no identity at all, is told with the identity.
#include "checks/check.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

// The writes of a subject and its partitions that fail for this reason: the first for each publication.
Array<BrokenWrite> broken_by(const Review &review, const Subject &subject, WriteHazard hazard)
{
    Array<BrokenWrite> broken;
    for (const Subject *leaf : review.leaves(subject))
        for (const BrokenWrite &write : review.scenario.broken_writes(*leaf->relation)) {
            const auto is_same = [&](const BrokenWrite &known) {
                return known.publication == write.publication;
            };
            if (write.hazard == hazard && !std::any_of(broken.begin(), broken.end(), is_same))
                broken.push(write);
        }
    return broken;
}

// Tables by themselves, and what a root stands for; a partition of another schema's table by itself.
bool is_told(const Subject &subject)
{
    return subject.root == nullptr;
}

template <class Add>
void for_each_broken(const Review &review, WriteHazard hazard, Add &&add)
{
    for (const Subject *subject : review.subjects)
        if (is_told(*subject))
            for (const BrokenWrite &write : broken_by(review, *subject, hazard))
                add(*subject, write);
}

const char *append_name(const char *names, ::Oid table, ::AttrNumber column)
{
    const char *name = shown_identifier(::get_attname(table, column, true));
    return names[0] == '\0' ? name : ::psprintf("%s, %s", names, name);
}

struct ListTexts {
    const char *missing; // columns of the identity that are not listed
    const char *completed;
};

ListTexts list_texts(const Review &review, const BrokenWrite &write)
{
    ListTexts texts{.missing = "", .completed = ""};
    const Relation &as = *write.published_as;
    const Narrowing *narrowing = review.scenario.listing(as, write.publication->oid)->narrowing;
    const IdentityColumns identity = review.scenario.identity_columns(*write.table);
    for (const ::AttrNumber column : read_columns(as.oid)) {
        const char *name = ::get_attname(as.oid, column, true);
        if (name == nullptr)
            continue;
        const bool is_listed = ::bms_is_member(column, narrowing->list);
        const ::AttrNumber own = ::get_attnum(write.table->oid, name);
        const bool is_key = identity.is_full ||
                            std::find(identity.key.begin(), identity.key.end(), own) != identity.key.end();
        if (is_key && !is_listed)
            texts.missing = append_name(texts.missing, as.oid, column);
        if (is_key || is_listed)
            texts.completed = append_name(texts.completed, as.oid, column);
    }
    return texts;
}

Array<Proposal> default_where_it_will_do(const Review &review, const Subject &subject)
{
    if (review.is(Consumer::lakehouse_sync) || review.state(subject) != IdentityState::full)
        return {};
    return proposals({set_identity(REPLICA_IDENTITY_DEFAULT)});
}

// Columns that somebody has left out are not published by a remedy.
void column_list(const Review &review, Findings &findings)
{
    for_each_broken(review, WriteHazard::column_list, [&](const Subject &subject, const BrokenWrite &write) {
        const ListTexts texts = list_texts(review, write);
        const char *publication = shown_identifier(write.publication->name);
        const char *as = review.name_of(*write.published_as);
        const bool is_full = review.scenario.identity_columns(*write.table).is_full;
        const char *what =
            texts.missing[0] == '\0'
                ? "all of them, but FULL goes with no list"
                : ::psprintf("without %s, which belong%s to its replica identity", texts.missing,
                             ::strchr(texts.missing, ',') == nullptr ? "s" : "");
        findings.add({
            .subject = &subject,
            .object = subject.name,
            .text = ::psprintf("UPDATE and DELETE fail now: publication %s lists columns of %s, %s",
                               publication, as, what),
            .common = ::psprintf(
                "UPDATE and DELETE fail now: publication %s lists columns that do not go with their "
                "replica identity",
                publication),
            .proposals = default_where_it_will_do(review, subject),
            .by_hand = ::psprintf(
                "Publishing what the list leaves out is for you to decide: in one transaction, ALTER "
                "PUBLICATION %s DROP TABLE ONLY %s and ADD TABLE ONLY %s%s, with its row filter if "
                "it has one.",
                publication, as, as, is_full ? "" : ::psprintf(" (%s)", texts.completed)),
            .publication = write.publication->oid,
        });
    });
}

// With a column list, of this publication or another, FULL would not do either.
void row_filter(const Review &review, Findings &findings)
{
    for_each_broken(review, WriteHazard::row_filter, [&](const Subject &subject, const BrokenWrite &write) {
        const char *publication = shown_identifier(write.publication->name);
        findings.add({
            .subject = &subject,
            .object = subject.name,
            .text = ::psprintf(
                "UPDATE and DELETE fail now: the row filter of publication %s reads columns of %s outside "
                "its replica identity",
                publication, review.name_of(*write.published_as)),
            .common = ::psprintf(
                "UPDATE and DELETE fail now: the row filters of publication %s read columns outside "
                "the replica identity",
                publication),
            .proposals = proposals({set_identity(REPLICA_IDENTITY_FULL)}),
            .by_hand = "Take them into a unique index and make that the identity.",
            .publication = write.publication->oid,
        });
    });
}

// 18 and later. Virtual columns are never published.
void generated_column(const Review &review, Findings &findings)
{
    for_each_broken(
        review, WriteHazard::generated_column, [&](const Subject &subject, const BrokenWrite &write) {
            const char *names = "";
            bool has_virtual = false;
            for (const GeneratedColumn &column : review.scenario.facts->generated(*write.table)) {
                names = append_name(names, write.table->oid, column.number);
                has_virtual |= !column.is_stored;
            }
            const char *publication = shown_identifier(write.publication->name);
            Publication publishing = *write.publication;
            publishing.has_generated = true;
            Intent intent{};
            intent.publications.push(publishing);
            Array<Proposal> proposed =
                has_virtual ? Array<Proposal>{}
                            : proposals({statement(::psprintf("ALTER PUBLICATION %s SET "
                                                              "(publish_generated_columns = stored)",
                                                              publication),
                                                   intent)});
            for (const Proposal &proposal : default_where_it_will_do(review, subject))
                proposed.push(proposal);
            findings.add({
                .subject = &subject,
                .object = subject.name,
                .text = ::psprintf("UPDATE and DELETE fail now: publication %s does not publish generated "
                                   "columns (%s) of its "
                                   "replica identity",
                                   publication, names),
                .common = ::psprintf(
                    "UPDATE and DELETE fail now: publication %s does not publish generated columns of "
                    "their replica identity",
                    publication),
                .proposals = proposed,
                .by_hand = "Give it a primary key without them and replica identity DEFAULT.",
                .publication = write.publication->oid,
            });
        });
}

constexpr std::array checks = std::to_array<Check>({
    {.name = "write_column_list", .severities = "eeeee", .find = column_list},
    {.name = "write_row_filter", .severities = "eeeee", .find = row_filter},
    {.name = "write_generated_column", .severities = "eeeee", .find = generated_column},
});

} // namespace

const std::span<const Check> write_checks = checks;

} // namespace dj_deploy
