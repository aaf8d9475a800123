// Reads the intent of statements and asks the model, as apply does of its plan.
#include "run/rollout_harm.hpp"

#include "catalog/relation_name.hpp"
#include "pg/context.hpp"
#include "plan/plan.hpp"
#include "planners/publishing_harm.hpp"

namespace dj_deploy {

namespace {

// What statements are about, besides their intent.
struct Reading {
    Intent intent;
    Array<::Oid> tables;
    Array<const char *> made; // publications
};

Publication *planned_publication(Reading &reading, const char *name)
{
    for (Publication &publication : reading.intent.publications)
        if (std::string_view(publication.name) == name)
            return &publication;
    const std::optional<Publication> known = read_publication(name);
    if (!known)
        return nullptr;
    reading.intent.publications.push(*known);
    return &reading.intent.publications[reading.intent.publications.count - 1];
}

void read_publish(const char *list, Publication &publication)
{
    publication.is_insert = publication.is_update = publication.is_delete = publication.is_truncate = false;
    char *copy = ::pstrdup(list);
    ::List *operations = nullptr;
    if (!::SplitIdentifierString(copy, ',', &operations))
        return;
    for (int index = 0; index < ::list_length(operations); index++) {
        const std::string_view operation = static_cast<const char *>(::list_nth(operations, index));
        publication.is_insert |= operation == "insert";
        publication.is_update |= operation == "update";
        publication.is_delete |= operation == "delete";
        publication.is_truncate |= operation == "truncate";
    }
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

void read_identity(const ::AlterTableStmt *parsed, ::Oid table, Reading &reading)
{
    for (int index = 0; index < ::list_length(parsed->cmds); index++) {
        const auto *command = list_nth_node(AlterTableCmd, parsed->cmds, index);
        if (command->subtype != ::AT_ReplicaIdentity)
            continue;
        const auto *identity = castNode(ReplicaIdentityStmt, command->def);
        const bool has_index = identity->identity_type == REPLICA_IDENTITY_INDEX;
        reading.intent.identities.push(
            {.table = table,
             .kind = identity->identity_type,
             .index =
                 has_index ? ::get_relname_relid(identity->name, ::get_rel_namespace(table)) : InvalidOid});
        reading.tables.push(table);
    }
}

// Collects the columns that an expression names, as the parser leaves it.
bool add_named_columns(::Node *node, void *given)
{
    auto *names = static_cast<Array<const char *> *>(given);
    if (node == nullptr)
        return false;
    if (IsA(node, ColumnRef)) {
        ::Node *field = static_cast<::Node *>(llast(castNode(ColumnRef, node)->fields));
        names->push(IsA(field, String) ? strVal(field) : "");
        return false;
    }
    return ::walk_raw_nodes(node, add_named_columns, given);
}

// Numbers of columns by name; one that is not there counts as 0, which is in no key.
::Bitmapset *numbers_of(::Oid table, const Array<const char *> &names)
{
    ::Bitmapset *numbers = nullptr;
    for (const char *name : names)
        numbers = ::bms_add_member(numbers, std::max<int>(::get_attnum(table, name), 0));
    return numbers;
}

// The column list and row filter of an entry; null when it has none.
const Listing *narrowing_of(const ::PublicationTable &entry, ::Oid table)
{
    if (entry.columns == NIL && entry.whereClause == nullptr)
        return nullptr;
    auto *listing = static_cast<Listing *>(::palloc0(sizeof(Listing)));
    Array<const char *> listed;
    for (int index = 0; index < ::list_length(entry.columns); index++)
        listed.push(strVal(::list_nth(entry.columns, index)));
    listing->has_list = entry.columns != NIL;
    listing->list = numbers_of(table, listed);
    Array<const char *> used;
    add_named_columns(entry.whereClause, &used);
    listing->has_filter = entry.whereClause != nullptr;
    listing->filter_uses = numbers_of(table, used);
    return listing;
}

// Without ONLY, what inherits from the table comes along.
Array<::Oid> tables_of(const ::PublicationTable &entry, ::Oid table)
{
    Array<::Oid> tables;
    tables.push(table);
    if (entry.relation->inh && ::get_rel_relkind(table) == RELKIND_RELATION)
        for (const ::Oid child : read_heirs_of(table))
            tables.push(child);
    return tables;
}

void read_alter(const ::AlterPublicationStmt *parsed, ::Oid table, Reading &reading)
{
    if (parsed->options != NIL) {
        if (Publication *publication = planned_publication(reading, parsed->pubname))
            read_options(parsed->options, *publication);
        return;
    }
    const std::optional<Publication> known = read_publication(parsed->pubname);
    const Publication *publication = known ? &*known : planned_publication(reading, parsed->pubname);
    if (publication == nullptr || !OidIsValid(table))
        return;
    const ::PublicationTable &entry = *linitial_node(PublicationObjSpec, parsed->pubobjects)->pubtable;
    for (const ::Oid member : tables_of(entry, table)) {
        (parsed->action == ::AP_DropObjects ? reading.intent.dropped : reading.intent.added)
            .push(
                {.publication = publication->oid, .table = member, .narrowing = narrowing_of(entry, member)});
        reading.tables.push(member);
    }
}

void read_create(const ::CreatePublicationStmt *parsed, Reading &reading)
{
    if (read_publication(parsed->pubname))
        return;
    reading.made.push(::pstrdup(parsed->pubname));
    Publication made =
        publication_to_make(static_cast<::Oid>(reading.made.count), reading.made[reading.made.count - 1]);
    made.is_via_root = false; // unless it is said
    read_options(parsed->options, made);
    reading.intent.publications.push(made);
}

void read_statement(const Statement &statement, Reading &reading)
{
    const ::Oid table = statement.find_table();
    switch (nodeTag(statement.parsed)) {
    case ::T_AlterTableStmt:
        if (OidIsValid(table))
            read_identity(reinterpret_cast<const ::AlterTableStmt *>(statement.parsed), table, reading);
        break;
    case ::T_AlterPublicationStmt:
        read_alter(reinterpret_cast<const ::AlterPublicationStmt *>(statement.parsed), table, reading);
        break;
    case ::T_CreatePublicationStmt:
        read_create(reinterpret_cast<const ::CreatePublicationStmt *>(statement.parsed), reading);
        break;
    case ::T_DropStmt:
        if (const std::optional<Publication> dropped = read_publication(statement.publication))
            reading.intent.removed.push(dropped->oid);
        break;
    default:
        break;
    }
}

// The tables that the intent is about, and what changed or removed publications publish of others.
Facts read_facts(const Reading &reading)
{
    Array<::Oid> tables;
    for (const ::Oid table : reading.tables)
        tables.push(table);
    Array<Publication> whole;
    for (const Publication &publication : reading.intent.publications)
        whole.push(publication);
    for (const Publication &publication : read_publications())
        if (std::find(reading.intent.removed.begin(), reading.intent.removed.end(), publication.oid) !=
            reading.intent.removed.end())
            whole.push(publication);
    if (!whole.is_empty())
        for (const ::Oid table : read_published_tables(whole.view()))
            tables.push(table);
    for (const ::Oid table : read_partitions_of(reading.tables.view()))
        tables.push(table);
    return Facts::read(tables.view());
}

} // namespace

void warn_of_harm(const StatementList &list)
{
    Reading reading{};
    const ::MemoryContext context = ::CurrentMemoryContext;
    Array<std::size_t> indexes;
    for (std::size_t index = 0; index < list.count; index++)
        indexes.push(index);
    for_each_in_scratch(indexes, [&](std::size_t index) {
        const Statement statement = list.statement(index);
        const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
        read_statement(statement, reading);
        ::MemoryContextSwitchTo(scratch);
    });
    if (reading.intent.is_empty())
        return;
    const Facts facts = read_facts(reading);
    const Scenario before = Scenario::of(facts);
    const Scenario after = Scenario::of(facts, reading.intent);
    Plan plan{};
    for_each_in_scratch(facts.relations, [&](const Relation &relation) {
        const Array<BrokenWrite> begun = find_begun(before, after, relation);
        if (begun.is_empty())
            return;
        const ::MemoryContext scratch = ::MemoryContextSwitchTo(context);
        plan.remarks.push(remark_about(begun[0], after));
        ::MemoryContextSwitchTo(scratch);
    });
    warn_of_consumer_harm(before, after, plan);
    for (const char *publication : reading.made)
        warn_of_slots_behind(publication, plan);
    announce(plan);
}

} // namespace dj_deploy
