// Which tables are published: none that is missing, none that does not belong, none that cannot be.
#include "catalog/chunks.hpp"
#include "catalog/relation_name.hpp"
#include "checks/check.hpp"
#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

const char *judged_names(const Review &review)
{
    ::StringInfoData names;
    ::initStringInfo(&names);
    for (const Publication *publication : review.judged)
        ::appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", shown_identifier(publication->name));
    return names.data;
}

Array<Proposal> join_chosen(const Review &review, const Subject &subject)
{
    const Publication *chosen = review.chosen_for(subject);
    return chosen == nullptr ? Array<Proposal>{} : proposals({join(*chosen)});
}

// Empty and missing publications have their own checks.
bool has_members(const Review &review)
{
    if (review.question->publication[0] == '\0')
        return !review.judged.is_empty();
    return std::any_of(review.judged.begin(), review.judged.end(), [&](const Publication *publication) {
        return publication->is_for_all || review.scenario.adds_to(*publication) ||
               !is_empty(publication->oid);
    });
}

void not_member(const Review &review, Findings &findings)
{
    if (!has_members(review))
        return;
    const char *text = ::psprintf("not published by publication %s", judged_names(review));
    for (const Subject *subject : review.subjects)
        if (subject->is_user() && review.scenario.is_permanent(*subject->relation) &&
            !review.is_published(*subject))
            findings.add({
                .subject = subject,
                .object = subject->name,
                .text = text,
                .proposals = join_chosen(review, *subject),
                .by_hand = "Before it joins, what stands in the way has to change: its replica identity, "
                           "generated columns, or what publications list of it or its partitions.",
            });
}

// Rows that are stored in tables which inherit from a published one.
void heir_not_member(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects) {
        const auto published = std::ranges::find_if(
            subject->parents, [&](const Subject *parent) { return review.is_published(*parent); });
        if (published == subject->parents.end() || !subject->is_leaf() ||
            !review.scenario.is_permanent(*subject->relation) || review.is_published(*subject))
            continue;
        const char *parent = (*published)->name;
        const char *to_come =
            is_schema_of_extension(subject->relation->schema) ? ", nor are those of chunks to come" : "";
        findings.add({
            .subject = subject,
            .object = subject->name,
            .text = ::psprintf("rows of %s that are stored here, in a table that inherits from it, are not "
                               "published: their changes never arrive%s",
                               parent, to_come),
            .common = ::psprintf("rows of tables like %s that are stored here, by inheritance, are not "
                                 "published: their changes never arrive%s",
                                 parent, to_come),
            .proposals = join_chosen(review, *subject),
            .by_hand = "Give it a replica identity, then add it to the publication.",
        });
    }
}

struct ListedSubject {
    ::Oid publication;
    const Subject *subject;
};

// The entries of the subjects in publications, by publication; of each in the order of the subjects.
Array<ListedSubject> listed_subjects(const Review &review)
{
    Array<ListedSubject> listed;
    for (const Subject *subject : review.subjects)
        for (const ::Oid publication : review.scenario.listed_in(*subject->relation))
            listed.push({.publication = publication, .subject = subject});
    std::sort(listed.begin(), listed.end(), [](const ListedSubject &left, const ListedSubject &right) {
        return left.publication != right.publication ? left.publication < right.publication
                                                     : left.subject < right.subject;
    });
    return listed;
}

template <class Add>
void for_each_listed(const Review &review, Add &&add)
{
    const Array<ListedSubject> listed = listed_subjects(review);
    for (const Publication *publication : review.judged)
        for (const ListedSubject *entry =
                 find_sorted(listed.view(), &ListedSubject::publication, publication->oid);
             entry != nullptr && entry != listed.end() && entry->publication == publication->oid; entry++)
            if (!publishes_schema(publication->oid, entry->subject->home()) &&
                !publishes_schema(publication->oid, entry->subject->relation->schema))
                add(*entry->subject, *publication);
}

const char *take_out(const Subject &subject, const Publication &publication)
{
    return ::psprintf(
        "To stop that: SELECT dj_deploy.set_publication_membership(%s::regclass, %s, member => false, "
        "dry_run => false).",
        literal(subject.name), literal(publication.name));
}

// To take it out stops what arrives, so a person decides.
void member_hidden(const Review &review, Findings &findings)
{
    for_each_listed(review, [&](const Subject &subject, const Publication &publication) {
        if (subject.is_home && subject.is_hidden)
            findings.add({
                .subject = &subject,
                .object = subject.name,
                .text = ::psprintf(
                    "hidden table is published by publication %s: consumers receive what is internal "
                    "to DataJoint",
                    shown_identifier(publication.name)),
                .by_hand = take_out(subject, publication),
            });
    });
}

void member_extension(const Review &review, Findings &findings)
{
    for_each_listed(review, [&](const Subject &subject, const Publication &publication) {
        if (subject.is_home && subject.is_member)
            findings.add({
                .subject = &subject,
                .object = subject.name,
                .text = ::psprintf("table of an extension is published by publication %s",
                                   shown_identifier(publication.name)),
                .by_hand = take_out(subject, publication),
            });
    });
}

// Where the partition's own filter or list counts, its entry stays.
void member_partition(const Review &review, Findings &findings)
{
    for_each_listed(review, [&](const Subject &subject, const Publication &publication) {
        const auto is_listed = [&](::Oid oid) {
            const Relation *ancestor = review.scenario.facts->find(oid);
            return ancestor != nullptr && review.scenario.listing(*ancestor, publication.oid).has_value();
        };
        const std::span<const ::Oid> above = subject.relation->ancestors;
        if (subject.root == nullptr || std::none_of(above.begin(), above.end(), is_listed))
            return;
        findings.add({
            .subject = &subject,
            .object = subject.name,
            .text = ::psprintf("partition is listed in publication %s, and so is a table above it (of %s)",
                               shown_identifier(publication.name), subject.root->name),
            .proposals = proposals({leave(publication)}),
            .by_hand = "Its column list or row filter is kept with its entry. To go by the root, give the "
                       "root a filter "
                       "that keeps as much in, then drop the partition's entry.",
        });
    });
}

// Partitions are judged with their root, and so with the schema of that.
void partition_elsewhere(const Review &review, Findings &findings)
{
    Array<::Oid> told;
    for (const Subject *subject : review.subjects) {
        const ::Oid root = subject->relation->root();
        if (!subject->is_home || !subject->relation->is_partition || subject->relation->ancestors.empty() ||
            review.all->find(root) != nullptr || std::find(told.begin(), told.end(), root) != told.end())
            continue;
        told.push(root);
        const RelationName name = read_relation_name(root);
        if (name.name == nullptr)
            continue;
        const char *first = subject->name;
        std::size_t count = 0;
        for (const Subject *other : review.subjects)
            if (other->is_home && other->relation->root() == root) {
                count++;
                first = ::strcmp(other->name, first) < 0 ? other->name : first;
            }
        findings.add({
            .subject = nullptr,
            .object = shown_name(name.schema, name.name),
            .text = ::psprintf("%s%s belongs to it as a partition: what becomes of its changes is told by "
                               "dj_deploy.check_cdc(%s)",
                               first, count > 1 ? ::psprintf(" (and %zu more)", count - 1) : "",
                               literal(name.schema)),
            .place = {.schema = name.schema, .table = name.name},
        });
    }
}

// Lakehouse Sync takes a schema as it is.
void partitioned(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects)
        if (subject->is_home && subject->relation->kind == RELKIND_PARTITIONED_TABLE)
            findings.add(
                {.subject = subject,
                 .object = subject->name,
                 .text = "partitioned table: Lakehouse Sync syncs no schema that holds one, the other tables "
                         "neither. Move it to a schema that is not synced (ALTER TABLE ... SET SCHEMA)."});
}

void hidden_synced(const Review &review, Findings &findings)
{
    for (const Subject *subject : review.subjects)
        if (subject->is_home && subject->is_hidden && subject->is_table() &&
            review.state(*subject) == IdentityState::full && review.has_key(*subject))
            findings.add(
                {.subject = subject,
                 .object = subject->name,
                 .text = "hidden table has replica identity FULL: Lakehouse Sync syncs it too",
                 .by_hand = ::psprintf("To stop that: SELECT dj_deploy.set_replica_identity(%s::regclass, "
                                       "'default', dry_run => false).",
                                       literal(subject->name))});
}

constexpr std::array checks = std::to_array<Check>({
    {.name = "not_member", .severities = "eeeee", .find = not_member},
    {.name = "heir_not_member", .severities = "wwwww", .find = heir_not_member},
    {.name = "member_hidden", .severities = "wwwww", .find = member_hidden},
    {.name = "member_extension", .severities = "wwwww", .find = member_extension},
    {.name = "member_partition", .severities = "wwwww", .find = member_partition},
    {.name = "partition_elsewhere", .severities = "iiiii", .find = partition_elsewhere},
    {.name = "partitioned_table", .severities = "-e---", .find = partitioned},
    {.name = "hidden_synced", .severities = "-w---", .find = hidden_synced},
});

} // namespace

const std::span<const Check> membership_checks = checks;

} // namespace dj_deploy
