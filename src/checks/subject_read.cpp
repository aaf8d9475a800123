// One row for each table, whose facts are looked up by index: the cost grows with the tables of the schema
// and the types of their columns, and not with those of the database.
#include "checks/subject.hpp"

#include "checks/subject_facts.hpp"

#include "catalog/children.hpp"
#include "pg/kept_query.hpp"
#include "pg/oid_set.hpp"
#include "pg/storage.hpp"

namespace dj_deploy {

namespace {

constexpr Scope scope = {.has_hidden = true, .has_members = true, .has_relations = true};

// How many bytes each of these TOAST tables has, as the files say: ANALYZE does not count them, and VACUUM
// may never have come.
Array<std::int64_t> toast_bytes(const Array<::Oid> &toasts)
{
    constexpr const char *paths_sql = R"(
    SELECT pg_catalog.pg_relation_filepath(t.oid)
    FROM pg_catalog.unnest($1) WITH ORDINALITY AS t(oid, number)
    ORDER BY t.number)";

    Array<std::int64_t> bytes;
    const auto look = [&](const Row &row) {
        CHECK_FOR_INTERRUPTS();
        const char *path = row.string(1);
        bytes.push(path == nullptr ? 0 : main_fork_bytes(path));
    };
    kept_query(paths_sql, look, toasts.view());
    return bytes;
}

bool can_be_subject(const Table &table)
{
    return table.relkind == RELKIND_RELATION || table.is_partitioned() ||
           table.relkind == RELKIND_FOREIGN_TABLE;
}

bool is_user_table(const Table &table, const Target &schemas)
{
    return schemas.has_schema(table.schema_oid) && !table.is_hidden() && !table.is_member &&
           !table.is_partition && table.relkind == RELKIND_RELATION;
}

struct Heir {
    ::Oid table;
    ::Oid of;
};

// The unlogged tables of whatever schema that unlogged ones among these reference, at any distance, with
// their partitions: a remedy logs them, too.
Array<::Oid> read_unlogged_references(std::span<const ::Oid> tables)
{
    constexpr const char *references_sql = R"(
    WITH RECURSIVE referenced AS (
        SELECT c.oid
        FROM pg_catalog.unnest($1) AS t(oid)
        JOIN pg_catalog.pg_class c ON c.oid = t.oid AND c.relpersistence = 'u'
        UNION
        SELECT c.oid
        FROM referenced f
        JOIN pg_catalog.pg_constraint k ON k.conrelid = f.oid AND k.contype = 'f'
        JOIN pg_catalog.pg_class c ON c.oid = k.confrelid AND c.relpersistence = 'u'
    )
    SELECT f.oid
    FROM referenced f
    ORDER BY f.oid)";

    Array<::Oid> referenced;
    kept_query(
        references_sql, [&](const Row &row) { referenced.push(row.oid(1)); }, tables);
    return referenced;
}

// Tables that inherit from the user tables, at any distance.
Array<Heir> read_heirs(const Array<Table> &tables, const Target &schemas)
{
    Array<Heir> heirs;
    for (const Table &table : tables) {
        if (!is_user_table(table, schemas) || !table.has_children)
            continue;
        OidSet known = OidSet::make("dj_deploy heirs");
        Array<::Oid> parents;
        parents.push(table.oid);
        while (!parents.is_empty()) {
            Array<::Oid> children;
            for (const Dependency &link : read_children(parents.view())) {
                children.push(link.child);
                if (known.add(link.child))
                    heirs.push({.table = link.child, .of = table.oid});
            }
            std::sort(children.begin(), children.end());
            parents = children;
        }
        known.destroy();
    }
    return heirs;
}

Subject subject_of(const Row &row, const Relation &relation)
{
    Subject subject{};
    subject.relation = &relation;
    subject.name = row.string(2);
    subject.about = {.schema = row.string(3), .table = row.string(4)};
    subject.large = row.string(5);
    subject.incomparable = row.string(6);
    subject.unsupported = row.string(7);
    subject.key_index = row.string(8);
    subject.to_jsonb = row.string(9);
    subject.has_blob = row.boolean(10);
    return subject;
}

// A table that is a user table, too, is told of by itself.
void name_parents(const Subjects &subjects, const Array<Heir> &heirs)
{
    for (const Heir &heir : heirs)
        if (auto *subject = const_cast<Subject *>(subjects.find(heir.table));
            subject != nullptr && !subject->is_user()) {
            subject->parents.push(subjects.find(heir.of));
            subject->heir_of = subject->parents[0];
        }
}

// Of the publication, if it is there.
Array<::Oid> oid_of(const char *publication)
{
    Array<::Oid> oids;
    if (const std::optional<Publication> named = read_publication(publication))
        oids.push(named->oid);
    return oids;
}

} // namespace

Subjects Subjects::read(const Target &schemas, std::span<const Publication> whole, const char *publication)
{
    Array<Table> tables;
    for (const Table &table : read_tables(schemas, scope))
        if (can_be_subject(table))
            tables.push(table);
    const Array<Heir> heirs = read_heirs(tables, schemas);
    Array<::Oid> oids;
    Array<::Oid> toasts;
    for (const Table &table : tables) {
        oids.push(table.oid);
        toasts.push(table.toast);
    }
    OidSet known = OidSet::make("dj_deploy subjects");
    for (const ::Oid table : oids)
        known.add(table);
    for (const Heir &heir : heirs)
        if (known.add(heir.table))
            oids.push(heir.table);
    known.destroy();
    const std::size_t asked = oids.count;
    for (const ::Oid table : read_unlogged_references(oids.view()))
        oids.push(table);
    if (!whole.empty())
        for (const ::Oid table : read_published_tables(whole))
            oids.push(table);
    Subjects subjects{};
    subjects.facts = Facts::read(oids.view(), oid_of(publication).view());
    // Whatever the statistics say of the catalogs, facts are looked up by index. Temporary tables that
    // inherit belong to a session, and no publication can have them.
    with_settings({{"enable_seqscan", "off"}}, [&] {
        kept_query(
            subject_facts_sql,
            [&](const Row &row) {
                const Relation *relation = subjects.facts.find(row.oid(1));
                if (relation != nullptr && relation->persistence != RELPERSISTENCE_TEMP)
                    subjects.items.push(subject_of(row, *relation));
            },
            oids.view().first(asked));
    });
    subjects.index_items();
    const Array<std::int64_t> bytes = toast_bytes(toasts);
    for (std::size_t index = 0; index < tables.count; index++)
        if (auto *subject = const_cast<Subject *>(subjects.find(tables[index].oid))) {
            subject->is_home = schemas.has_schema(tables[index].schema_oid);
            subject->is_hidden = tables[index].is_hidden();
            subject->is_member = tables[index].is_member;
            subject->toast_bytes = bytes[index];
        }
    for (Subject &subject : subjects.items)
        if (subject.relation->is_partition)
            subject.root = subjects.find(subject.relation->root());
    subjects.index_leaves();
    name_parents(subjects, heirs);
    return subjects;
}

} // namespace dj_deploy
