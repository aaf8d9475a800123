// Statement by statement, in order: a later one may undo an earlier one.
#include "run/rollout_intent.hpp"

#include "pg/context.hpp"
#include "planners/replica_identity.hpp"
#include "run/rollout_entry.hpp"
#include "run/rollout_statement.hpp"

namespace dj_deploy {

namespace {

// What becomes of a table in a publication, by one statement.
struct Step {
    PublicationMember member;
    bool joins;
    std::size_t place;
};

struct Reading : PlanIntent {
    Array<Step> steps;
};

bool is_removed(const Reading &reading, ::Oid publication)
{
    const Array<::Oid> &removed = reading.intent.removed;
    return std::find(removed.begin(), removed.end(), publication) != removed.end();
}

// As the statements before leave it.
std::optional<Publication> find_publication(const Reading &reading, const char *name)
{
    for (const Publication &publication : reading.intent.publications)
        if (std::string_view(publication.name) == name && !is_removed(reading, publication.oid))
            return publication;
    const std::optional<Publication> known = read_publication(name);
    return known && is_removed(reading, known->oid) ? std::nullopt : known;
}

// The same, to be changed; null where there is none.
Publication *planned_publication(Reading &reading, const char *name)
{
    const std::optional<Publication> found = find_publication(reading, name);
    if (!found)
        return nullptr;
    Array<Publication> &planned = reading.intent.publications;
    const auto is_it = [&](const Publication &other) { return other.oid == found->oid; };
    if (std::none_of(planned.begin(), planned.end(), is_it))
        planned.push(*found);
    return std::find_if(planned.begin(), planned.end(), is_it);
}

void add_step(Reading &reading, PublicationMember member, bool joins)
{
    reading.steps.push({.member = member, .joins = joins, .place = reading.steps.count});
    reading.tables.push(member.table);
}

// The last step of each table in each publication counts; one that has left before is added anew.
void take_steps(Reading &reading)
{
    const auto is_same = [](const Step &left, const Step &right) {
        return left.member.publication == right.member.publication && left.member.table == right.member.table;
    };
    std::sort(reading.steps.begin(), reading.steps.end(), [](const Step &left, const Step &right) {
        if (left.member.publication != right.member.publication)
            return left.member.publication < right.member.publication;
        return left.member.table != right.member.table ? left.member.table < right.member.table
                                                       : left.place < right.place;
    });
    bool has_left = false;
    for (std::size_t index = 0; index < reading.steps.count; index++) {
        const Step &step = reading.steps[index];
        has_left |= !step.joins;
        if (index + 1 < reading.steps.count && is_same(step, reading.steps[index + 1]))
            continue;
        if (has_left)
            reading.intent.dropped.push({.publication = step.member.publication, .table = step.member.table});
        if (step.joins)
            reading.intent.added.push(step.member);
        has_left = false;
    }
}

void read_publish(const char *list, Publication &publication)
{
    for (const auto &[name, is_published] : publication_operations)
        publication.*is_published = false;
    char *copy = ::pstrdup(list);
    ::List *listed = nullptr;
    if (!::SplitIdentifierString(copy, ',', &listed))
        return;
    for (int index = 0; index < ::list_length(listed); index++)
        for (const auto &[name, is_published] : publication_operations)
            publication.*is_published |= ::strcmp(name, static_cast<char *>(::list_nth(listed, index))) == 0;
}

void read_options(const ::List *options, Publication &publication)
{
    for (int index = 0; index < ::list_length(options); index++) {
        auto *option = list_nth_node(DefElem, options, index);
        const std::string_view name = option->defname;
        if (name == "publish")
            read_publish(::defGetString(option), publication);
        else if (name == "publish_via_partition_root")
            publication.is_via_root = ::defGetBoolean(option);
        else if (name == "publish_generated_columns")
            publication.has_generated = std::string_view(::defGetString(option)) != "none";
    }
}

void read_identity(const ::ReplicaIdentityStmt &identity, ::Oid table, Reading &reading)
{
    const bool has_index = identity.identity_type == REPLICA_IDENTITY_INDEX;
    reading.intent.identities.push(
        {.table = table,
         .kind = identity.identity_type,
         .index = has_index ? ::get_relname_relid(identity.name, ::get_rel_namespace(table)) : InvalidOid});
    reading.tables.push(table);
}

void read_alter(const ::AlterPublicationStmt *parsed, ::Oid table, Reading &reading)
{
    if (parsed->options != NIL) {
        if (Publication *publication = planned_publication(reading, parsed->pubname))
            read_options(parsed->options, *publication);
        return;
    }
    const std::optional<Publication> publication = find_publication(reading, parsed->pubname);
    if (!publication || !OidIsValid(table))
        return;
    const ::PublicationTable &entry = *linitial_node(PublicationObjSpec, parsed->pubobjects)->pubtable;
    for (const ::Oid member : tables_of(entry, table))
        add_step(reading,
                 {.publication = publication->oid, .table = member, .narrowing = narrowing_of(entry, member)},
                 parsed->action != ::AP_DropObjects);
}

// The OID of one of that name which is dropped before; InvalidOid without, or where it publishes more than it
// lists.
::Oid find_former(const Reading &reading, const char *name)
{
    for (const Publication &publication : reading.intent.publications)
        if (std::string_view(publication.name) == name)
            return publication.oid;
    const std::optional<Publication> known = read_publication(name);
    return known && !known->is_for_all && ::GetPublicationSchemas(known->oid) == NIL ? known->oid
                                                                                     : InvalidOid;
}

// One that is dropped before and made anew is the same to its consumers, who know its name. It lists nothing
// at first.
void read_create(const ::CreatePublicationStmt *parsed, Reading &reading)
{
    if (find_publication(reading, parsed->pubname))
        return;
    reading.made.push(::pstrdup(parsed->pubname));
    Publication made =
        publication_to_make(static_cast<::Oid>(reading.made.count), reading.made[reading.made.count - 1]);
    made.is_via_root = false; // unless it is said
    read_options(parsed->options, made);
    if (const ::Oid former = find_former(reading, parsed->pubname); OidIsValid(former)) {
        made.oid = former;
        Array<Publication> &planned = reading.intent.publications;
        const auto is_former = [&](const Publication &other) { return other.oid == former; };
        planned.count = std::remove_if(planned.begin(), planned.end(), is_former) - planned.begin();
        Array<::Oid> &removed = reading.intent.removed;
        removed.count = std::remove(removed.begin(), removed.end(), former) - removed.begin();
    }
    reading.intent.publications.push(made);
}

// With all that it lists.
void read_drop(const char *name, Reading &reading)
{
    const std::optional<Publication> dropped = find_publication(reading, name);
    if (!dropped)
        return;
    reading.intent.removed.push(dropped->oid);
    const std::size_t count = reading.steps.count;
    for (std::size_t index = 0; index < count; index++)
        if (const Step &step = reading.steps[index]; step.member.publication == dropped->oid && step.joins)
            add_step(reading, step.member, false);
    for (const ::Oid table : read_listed_tables(dropped->oid))
        add_step(reading, {.publication = dropped->oid, .table = table}, false);
}

void read_statement(const Statement &statement, ::Oid table, Reading &reading)
{
    switch (nodeTag(statement.parsed)) {
    case ::T_AlterTableStmt:
        if (statement.kind->sets_identity && OidIsValid(table))
            read_identity(planned_identity(statement.parsed), table, reading);
        break;
    case ::T_AlterPublicationStmt:
        read_alter(reinterpret_cast<const ::AlterPublicationStmt *>(statement.parsed), table, reading);
        break;
    case ::T_CreatePublicationStmt:
        read_create(reinterpret_cast<const ::CreatePublicationStmt *>(statement.parsed), reading);
        break;
    case ::T_DropStmt:
        read_drop(statement.names.publication, reading);
        break;
    default:
        break;
    }
}

} // namespace

PlanIntent read_intent(const StatementList &list)
{
    Reading reading{};
    const ::MemoryContext context = ::CurrentMemoryContext;
    for_each_statement(list, [&](const Statement &statement, ::Oid table) {
        const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
        read_statement(statement, table, reading);
        ::MemoryContextSwitchTo(scratch);
    });
    take_steps(reading);
    return reading;
}

} // namespace dj_deploy
