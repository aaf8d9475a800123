// TimescaleDB keeps all rows of a hypertable in such tables, and makes new ones as time goes by.
#include "planners/unpublished_heirs.hpp"

#include "catalog/chunks.hpp"
#include "pg/oid_set.hpp"
#include "plan/name_list.hpp"
#include "plan/quote.hpp"
#include "planners/publication_statements.hpp"

namespace dj_deploy {

namespace {

bool may_have_heirs(const Change &change)
{
    return change.kind == &member_addition && change.table->has_children && !change.table->is_partitioned();
}

// Those at any distance, each once.
template <class OnHeir>
void for_each_heir(::Oid table, const OidSet &known, OnHeir &&on_heir)
{
    Array<::Oid> parents;
    parents.push(table);
    while (!parents.is_empty()) {
        Array<::Oid> children;
        for (const Dependency &link : read_children(parents.view()))
            if (known.add(link.child)) {
                on_heir(link.child);
                children.push(link.child);
            }
        std::sort(children.begin(), children.end());
        parents = children;
    }
}

struct Unpublished {
    NameList tables = NameList::empty(); // that join
    NameList heirs = NameList::empty();  // that do not
    const char *chunk_schema = nullptr;  // that of an extension, in which more of them come to be
};

void add_heirs(const Publication &publication, const Table &table, const OidSet &held, const OidSet &known,
               Unpublished &unpublished)
{
    const std::size_t before = unpublished.heirs.count;
    for_each_heir(table.oid, known, [&](::Oid heir) {
        const RelationName name = read_relation_name(heir);
        if (name.name == nullptr || held.has(heir) ||
            ::get_rel_persistence(heir) != RELPERSISTENCE_PERMANENT ||
            (OidIsValid(publication.oid) && publishes_schema(publication.oid, ::get_rel_namespace(heir))))
            return;
        unpublished.heirs.add(::psprintf("%s.%s", name.schema, name.name));
    });
    if (unpublished.heirs.count == before)
        return;
    unpublished.tables.add(::psprintf("%s.%s", table.schema, table.name));
    if (const Array<::Oid> chunks = read_chunks(table.oid); !chunks.is_empty())
        unpublished.chunk_schema = ::get_namespace_name(::get_rel_namespace(chunks[0]));
}

const char *hint_about(const char *publication, const char *chunk_schema)
{
    const char *hint = "check_cdc has the statement that adds them, under their own names.";
    if (chunk_schema == nullptr)
        return hint;
    return ::psprintf("%s New ones do not join by themselves unless a superuser publishes their schema: "
                      "ALTER PUBLICATION %s ADD TABLES IN SCHEMA %s.",
                      hint, identifier(publication), identifier(chunk_schema));
}

} // namespace

void warn_of_unpublished_heirs(const Publication &publication, const Members &members,
                               std::span<const Change> changes, Plan &plan)
{
    if (std::none_of(changes.begin(), changes.end(), may_have_heirs))
        return;
    const OidSet held = OidSet::make("dj_deploy members to be");
    for (const Member &member : members.listed)
        held.add(member.table);
    for (const Change &change : changes)
        if (change.kind == &member_addition)
            held.add(change.table->oid);
    Unpublished unpublished{};
    const OidSet known = OidSet::make("dj_deploy heirs");
    for (const Change &change : changes)
        if (may_have_heirs(change))
            add_heirs(publication, *change.table, held, known, unpublished);
    if (unpublished.heirs.count == 0)
        return;
    plan.remarks.push({
        .level = WARNING,
        .message = ::psprintf("rows of %s %s in tables that inherit from %s will not reach consumers of "
                              "publication \"%s\"",
                              unpublished.tables.count == 1 ? "table" : "tables", unpublished.tables.finish(),
                              unpublished.tables.count == 1 ? "it" : "them", publication.name),
        .detail = ::psprintf("The publication will not contain %s.", unpublished.heirs.finish()),
        .hint = hint_about(publication.name, unpublished.chunk_schema),
    });
}

} // namespace dj_deploy
