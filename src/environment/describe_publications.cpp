// A publication that lists more than half of a schema's user tables is said of the schema; where a table
// differs, all that lists it is said of the table.
#include "environment/description.hpp"
#include "pg/context.hpp"
#include "pg/oid_set.hpp"
#include "publishing/members.hpp"
#include "publishing/scenario.hpp"

namespace dj_deploy {

namespace {

struct ListedPublication {
    Publication publication;
    Members members;
};

bool is_user_table(const Table &table)
{
    return !table.is_hidden() && !table.is_partition && !table.is_member;
}

// Listed, or published through a table above it.
bool is_published(const Table &table, const Members &members)
{
    return members.find(table.oid) != nullptr || members.holds_above(table.oid);
}

// FOR ALL TABLES, TABLES IN SCHEMA ...: what publishes more than it lists; null for what does not.
const char *whole_of(const Publication &publication, std::span<const ::Oid> schemas)
{
    const auto has_schema = [&](::Oid schema) { return publishes_schema(publication.oid, schema); };
    return publication.for_all() != nullptr                          ? publication.for_all()
           : std::any_of(schemas.begin(), schemas.end(), has_schema) ? "TABLES IN SCHEMA"
                                                                     : nullptr;
}

bool lists_any(const Facts &facts, const Publication &publication, std::span<const ::Oid> tables)
{
    return std::any_of(tables.begin(), tables.end(), [&](::Oid table) {
        const Relation *relation = facts.find(table);
        return relation != nullptr &&
               find_sorted(relation->listings, &Listing::publication, publication.oid) != nullptr;
    });
}

// The publications that list tables of the schemas, by name. Those that publish all tables, or a schema as a
// whole, cannot be said in a document.
Array<ListedPublication> read_listed(const Description &description)
{
    Array<::Oid> schemas;
    Array<::Oid> tables;
    for (std::size_t schema = 0; schema < description.described; schema++) {
        schemas.push(description.resolved.schemas[schema].oid);
        for (const Table &table : description.tables_of(schema))
            tables.push(table.oid);
    }
    const Facts facts = Facts::read(tables.view());
    Array<Publication> publications = read_publications();
    std::sort(publications.begin(), publications.end(),
              [](const Publication &left, const Publication &right) {
                  return ::strcmp(left.name, right.name) < 0;
              });
    Array<ListedPublication> listed;
    for (const Publication &publication : publications) {
        if (const char *whole = whole_of(publication, schemas.view()))
            ereport(NOTICE,
                    errmsg("publication \"%s\" is left out: it is defined with %s", publication.name, whole));
        else if (lists_any(facts, publication, tables.view()))
            listed.push({.publication = publication, .members = Members::of(publication)});
    }
    return listed;
}

PublicationSettings settings_of(const Publication &options)
{
    return {.name = options.name,
            .has_publish = true,
            .is_insert = options.is_insert,
            .is_update = options.is_update,
            .is_delete = options.is_delete,
            .is_truncate = options.is_truncate,
            .has_via_root = true,
            .is_via_root = options.is_via_root,
            .has_generated_option = PG_VERSION_NUM >= 180000,
            .has_generated = options.has_generated};
}

bool is_common(const ListedPublication &publication, std::span<const Table> tables)
{
    std::size_t listed = 0;
    std::size_t others = 0;
    for (const Table &table : tables)
        if (is_user_table(table))
            (publication.members.find(table.oid) != nullptr ? listed : others)++;
    return listed > others;
}

void notice_left_out(const Table &table, const ListedPublication &publication)
{
    const Member *member = publication.members.find(table.oid);
    if (member == nullptr)
        return;
    if (!member->is_plain)
        ereport(NOTICE,
                errmsg("column list and row filter of table \"%s.%s\" in publication \"%s\" are left out",
                       table.schema, table.name, publication.publication.name));
    if (publication.members.holds_above(table.oid))
        ereport(
            NOTICE,
            errmsg("partition \"%s.%s\" of publication \"%s\" is left out: a table above it is listed, too",
                   table.schema, table.name, publication.publication.name));
}

// Whether what is said of the schema says all of the table.
bool is_said(const Table &table, const Settings &schema, std::span<const ListedPublication> publications)
{
    for (const ListedPublication &publication : publications) {
        const bool is_listed = publication.members.find(table.oid) != nullptr;
        const auto is_its = [&](const char *name) { return name == publication.publication.name; };
        const bool is_expected = is_user_table(table) &&
                                 std::any_of(schema.publications.begin(), schema.publications.end(), is_its);
        if (is_listed != is_expected)
            return false;
    }
    return true;
}

// Elsewhere the document would be refused for what has happened here already.
void describe_broken_writes(Description &description)
{
    for (std::size_t index = 0; index < description.described; index++) {
        const std::span<const Table> tables = description.tables_of(index);
        Array<::Oid> oids;
        for (const Table &table : tables)
            oids.push(table.oid);
        const Facts facts = Facts::read(oids.view());
        const Scenario present = Scenario::of(facts);
        const OidSet broken = OidSet::make("dj_deploy tables with broken writes");
        for_each_in_scratch(facts.relations, [&](const Relation &relation) {
            if (!present.broken_writes(relation).is_empty())
                broken.add(relation.oid);
        });
        for (const Table &table : tables)
            if (!table.is_member && broken.has(table.oid))
                description.entry_for(table).allows_breaking_writes = true;
    }
}

} // namespace

void describe_publications(Description &description)
{
    const Array<ListedPublication> publications = read_listed(description);
    if (publications.is_empty())
        return;
    for (const ListedPublication &publication : publications)
        description.publications.push(settings_of(publication.publication));
    for (std::size_t index = 0; index < description.described; index++) {
        const std::span<const Table> tables = description.tables_of(index);
        Settings &schema = description.schemas[index]->settings;
        schema.has_publications = true;
        for (const ListedPublication &publication : publications)
            if (is_common(publication, tables))
                schema.publications.push(publication.publication.name);
        for (const Table &table : tables) {
            if (table.schema_oid == description.resolved.schemas[index].oid)
                for (const ListedPublication &publication : publications)
                    notice_left_out(table, publication);
            if (is_said(table, schema, publications.view()))
                continue;
            Settings &settings = description.entry_for(table).settings;
            settings.has_publications = true;
            settings.publications.count = 0;
            for (const ListedPublication &publication : publications)
                if (is_published(table, publication.members))
                    settings.publications.push(publication.publication.name);
        }
    }
    describe_broken_writes(description);
}

} // namespace dj_deploy
