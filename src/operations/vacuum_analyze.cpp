// vacuum_analyze: VACUUM (ANALYZE) "lab"."session" for every table and materialized view of the target. Of a
// partitioned table the partitions are vacuumed, and then ANALYZE "lab"."trial" samples it and them together,
// as the server does.
#include "maintenance.hpp"

#include "catalog/children.hpp"
#include "plan/statement_shapes.hpp"

namespace dj_deploy {

namespace {

// Every VACUUM reads all of pg_class at its end, to find the database's oldest transaction id, so that
// vacuuming many tables would cost the square of their number. From 16 on that can be left to one statement
// at the end.
constexpr bool can_skip_database_statistics = PG_VERSION_NUM >= 160000;
constexpr const char *analyze = "ANALYZE ";
constexpr const char *vacuum = can_skip_database_statistics ? "VACUUM (SKIP_DATABASE_STATS) " : "VACUUM ";
constexpr const char *vacuum_and_analyze =
    can_skip_database_statistics ? "VACUUM (SKIP_DATABASE_STATS, ANALYZE) " : "VACUUM (ANALYZE) ";
// From 18 on inheriting tables, which have statements of their own, would be vacuumed with their parent.
constexpr const char *vacuum_and_analyze_parent =
    PG_VERSION_NUM >= 180000 ? "VACUUM (SKIP_DATABASE_STATS, ANALYZE) ONLY " : vacuum_and_analyze;

// VACUUM (ANALYZE) "lab"."session", or ANALYZE "lab"."trial"
bool read_table(const ::Node *parsed, StatementNames &names)
{
    const auto *statement = as<::VacuumStmt>(parsed, ::T_VacuumStmt);
    if (statement == nullptr || ::list_length(statement->rels) != 1)
        return false;
    for (int index = 0; index < ::list_length(statement->options); index++)
        if (std::string_view(list_nth_node(DefElem, statement->options, index)->defname) == "full")
            return false;
    names.table = linitial_node(VacuumRelation, statement->rels)->relation;
    return names.table != nullptr;
}

bool read_database(const ::Node *parsed, StatementNames &)
{
    const auto *statement = as<::VacuumStmt>(parsed, ::T_VacuumStmt);
    return statement != nullptr && statement->rels == NIL && ::list_length(statement->options) == 1 &&
           std::string_view(linitial_node(DefElem, statement->options)->defname) == "only_database_stats";
}

constexpr StatementKind of_table = {
    .lock = ShareUpdateExclusiveLock, .has_own_transaction = true, .read = read_table};
// VACUUM (ONLY_DATABASE_STATS)
constexpr StatementKind of_database = {.has_own_transaction = true, .read = read_database};

struct VacuumAnalyze {
    static constexpr const char *command = "VACUUM";
    static constexpr Scope scope = {.has_hidden = true, .has_materialized_views = true};
    static constexpr std::array statements = {&of_table, &of_database};

    static VacuumAnalyze request(const Arguments &) { return {}; }

    void plan(const Target &target, std::span<const Table> tables, Plan &plan) const;
};

// For each table the partitioned table of the target that is at the top of its tree; null where there is
// none.
struct Trees {
    std::span<const Table> tables;
    Array<const Table *> by_oid;
    Array<const Table *> parents; // as by_oid

    static Trees of(std::span<const Table> tables);
    std::size_t find(::Oid oid) const;
    const Table *root(const Table &table) const;
};

std::size_t Trees::find(::Oid oid) const
{
    const auto is_before = [](const Table *table, ::Oid other) { return table->oid < other; };
    const auto found = std::lower_bound(by_oid.begin(), by_oid.end(), oid, is_before);
    return found != by_oid.end() && (*found)->oid == oid ? found - by_oid.begin() : by_oid.count;
}

Trees Trees::of(std::span<const Table> tables)
{
    Trees trees{.tables = tables, .by_oid = {}, .parents = {}};
    Array<::Oid> partitioned;
    for (const Table &table : tables) {
        trees.by_oid.push(&table);
        if (table.is_partitioned())
            partitioned.push(table.oid);
    }
    std::sort(trees.by_oid.begin(), trees.by_oid.end(),
              [](const Table *left, const Table *right) { return left->oid < right->oid; });
    std::sort(partitioned.begin(), partitioned.end());
    trees.parents.resize(tables.size(), nullptr);
    for (const Dependency &link : read_children(partitioned.view()))
        if (const std::size_t child = trees.find(link.child); child < trees.by_oid.count)
            trees.parents[child] = trees.by_oid[trees.find(link.parent)];
    return trees;
}

const Table *Trees::root(const Table &table) const
{
    const Table *root = table.is_partitioned() ? &table : nullptr;
    for (const Table *above = parents[find(table.oid)]; above != nullptr; above = parents[find(above->oid)])
        root = above;
    return root;
}

void VacuumAnalyze::plan(const Target &, std::span<const Table> tables, Plan &plan) const
{
    const Trees trees = Trees::of(tables);
    bool has_vacuum = false;
    for (const Table &table : tables) {
        const char *reason = reason_to_skip(table, true);
        const Table *root = trees.root(table);
        const bool is_analyzed_with_root =
            root != nullptr && root != &table && reason_to_skip(*root, true) == nullptr;
        if (table.is_partitioned() && is_analyzed_with_root)
            continue;
        if (reason != nullptr) {
            plan.skip(table, reason);
            continue;
        }
        // A worker that analyzes a partitioned table locks its partitions.
        plan.changes.push({.table = &table,
                           .before = table.is_partitioned()  ? analyze
                                     : is_analyzed_with_root ? vacuum
                                     : table.has_children    ? vacuum_and_analyze_parent
                                                             : vacuum_and_analyze,
                           .after = "",
                           .kind = &of_table,
                           .phase = table.is_partitioned() ? 1 : 0});
        has_vacuum = has_vacuum || !table.is_partitioned();
    }
    if (can_skip_database_statistics && has_vacuum)
        plan.changes.push({.table = nullptr,
                           .before = "VACUUM (ONLY_DATABASE_STATS)",
                           .after = "",
                           .kind = &of_database,
                           .phase = 1});
}

} // namespace

DJ_DEPLOY_OPERATION(vacuum_analyze, run_maintenance, VacuumAnalyze);

} // namespace dj_deploy
