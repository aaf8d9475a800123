// schemas: each schema of the database at one look, the first call of a newcomer. All tables are read in one
// pass and added up by schema.
#include "catalog/schemas.hpp"
#include "catalog/chunks.hpp"
#include "catalog/table_files.hpp"
#include "catalog/tables.hpp"
#include "pg/context.hpp"
#include "publishing/scenario.hpp"
#include "rowset.hpp"

namespace dj_deploy {

namespace {

// The values of pg_class.relreplident, in the order of the report.
constexpr std::string_view identities = "fdin";
constexpr std::array identity_names = {"full", "default", "index", "nothing"};

// One row of the report.
struct Sum {
    ::Oid schema;
    std::int64_t tables;     // neither hidden nor partitions
    std::int64_t hidden;     // partitions among them included
    std::int64_t partitions; // that live in this schema, wherever the rest of the tree does
    std::int64_t bytes;
    std::int64_t invalid_indexes;
    std::array<std::int64_t, identities.size()> of_identity; // of tables and partitions
    bool *publishes; // for each publication of the scenario, in its order

    void add_files(const TableFiles &files)
    {
        bytes += files.bytes;
        invalid_indexes += static_cast<std::int64_t>(files.invalid_indexes.count);
    }

    void add(const Table &table)
    {
        if (table.is_member)
            return;
        (table.is_hidden() ? hidden : table.is_partition ? partitions : tables)++;
        if (!table.is_hidden())
            of_identity[identities.find(table.replica_identity)]++;
    }
};

// "full" where all have the same; else "full 12, default 3". Null without tables.
const char *identity_text(const Sum &sum)
{
    const char *text = nullptr;
    for (std::size_t kind = 0; kind < identities.size(); kind++) {
        const std::int64_t count = sum.of_identity[kind];
        if (count == 0)
            continue;
        if (count == sum.tables + sum.partitions)
            return identity_names[kind];
        text = ::psprintf("%s%s%s %lld", text == nullptr ? "" : text, text == nullptr ? "" : ", ",
                          identity_names[kind], static_cast<long long>(count));
    }
    return text;
}

// Sorted by name.
Array<const char *> publication_names(const Scenario &present, const Sum &sum)
{
    Array<const char *> names;
    const auto publications = present.publications();
    for (std::size_t place = 0; place < publications.size(); place++)
        if (sum.publishes[place])
            names.push(publications[place].name);
    std::sort(names.begin(), names.end(),
              [](const char *left, const char *right) { return ::strcmp(left, right) < 0; });
    return names;
}

// A sum for each schema, by OID.
struct Sums {
    Array<Sum> all;

    static Sums of(std::span<const Schema> schemas)
    {
        Sums sums{};
        for (const Schema &schema : schemas) {
            Sum sum{};
            sum.schema = schema.oid;
            sums.all.push(sum);
        }
        std::sort(sums.all.begin(), sums.all.end(),
                  [](const Sum &left, const Sum &right) { return left.schema < right.schema; });
        return sums;
    }

    Sum &of(::Oid schema) const { return all[find_sorted(all.view(), &Sum::schema, schema) - all.begin()]; }
};

// The tables that live in the schemas.
Array<Table> read_all_tables(std::span<const Schema> schemas)
{
    Target target{};
    for (const Schema &schema : schemas)
        target.schemas.push(schema.oid);
    std::sort(target.schemas.begin(), target.schemas.end());
    return read_tables(target, {.has_hidden = true, .has_members = true, .has_partitions = false});
}

void add_row(const Rows &rows, const Schema &schema, const Sum &sum, const Scenario &present)
{
    const std::array cells = {
        Cell::text(schema.name),
        // Null when the role has been dropped meanwhile.
        Cell::text(::GetUserNameFromId(schema.owner, true)),
        Cell::boolean(is_datajoint_schema(schema.oid)),
        Cell::bigint(sum.tables),
        Cell::bigint(sum.hidden),
        Cell::bigint(sum.partitions),
        Cell::bigint(sum.bytes),
        Cell::text(identity_text(sum)),
        Cell::texts(publication_names(present, sum).view()),
        Cell::bigint(sum.invalid_indexes),
    };
    rows.add(cells);
}

struct Schemas {
    static constexpr const char *name = "schemas";

    static Schemas request(const Arguments &) { return {}; }

    void fill(const Rows &rows) const
    {
        const Array<Schema> schemas = read_user_schemas();
        const Sums sums = Sums::of(schemas.view());
        const Array<Table> tables = read_all_tables(schemas.view());
        Array<::Oid> oids;
        for (const Table &table : tables)
            oids.push(table.oid);

        const WithChunks all = WithChunks::of(tables.view());
        const Array<TableFiles> files = read_table_files(all.oids.view());
        for (std::size_t index = 0; index < all.oids.count; index++) {
            const Table &table = tables[all.places[index]];
            Sum &sum = sums.of(table.schema_oid);
            sum.add_files(files[index]);
            if (index < tables.count)
                sum.add(table);
        }

        const Facts facts = Facts::read(oids.view());
        const Scenario present = Scenario::of(facts);
        add_publications(sums, present, tables);
        for (const Schema &schema : schemas)
            add_row(rows, schema, sums.of(schema.oid), present);
    }

private:
    static void add_publications(const Sums &sums, const Scenario &present, const Array<Table> &tables)
    {
        const auto publications = present.publications();
        for (Sum &sum : sums.all)
            sum.publishes = static_cast<bool *>(::palloc0(publications.size() + 1));
        for_each_in_scratch(tables, [&](const Table &table) {
            const Relation *relation = present.facts->find(table.oid);
            if (relation == nullptr)
                return;
            const Sum &sum = sums.of(table.schema_oid);
            for (const Publishing &published : present.publishings(*relation))
                sum.publishes[published.publication - publications.data()] = true;
        });
    }
};

} // namespace

DJ_DEPLOY_FUNCTION(schemas, run_report<Schemas>);

} // namespace dj_deploy
