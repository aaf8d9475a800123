// ALTER PUBLICATION "cdc" ADD TABLE "lab"."session" for every user table of the schemas that a publication
// lacks, and DROP TABLE for what does not belong there.
#pragma once

#include "plan/plan.hpp"
#include "planners/publication_statements.hpp"
#include "publishing/members.hpp"

namespace dj_deploy {

struct PublicationMembershipPlanner {
    static constexpr Scope scope = {.has_hidden = true, .has_members = true};
    static constexpr std::array statements = {&publication_creation, &member_addition, &member_removal};

    const char *name;
    bool is_member; // what the tables are to be

    // The tables of the target's schemas, or the one that it names.
    void plan(const Target &target, std::span<const Table> tables, Plan &plan) const;
};

// What becomes of one table after the other in a publication.
struct MemberPlanner {
    const char *name;
    const Members *members; // as they are when the table is looked at

    // A table that belongs to a schema whose user tables are to be members, or are not.
    void plan_of_schema(const Table &table, bool is_member, Plan &plan) const;

    // A table that is named itself, whatever belongs to its schema, and its own entry if there is one.
    void plan_named(const Table &table, const Member *own, bool is_member, Plan &plan) const;

private:
    void plan_misfit(const Table &table, const Member &member, bool is_member, Plan &plan) const;
    void add(const Table &table, Plan &plan) const;
    void drop(const Table &table, const Member &member, Plan &plan) const;
    const Effect *effect(const char *from, const char *to, const Phrase &undo) const;
};

// The schema that a table is planned with: that of the root of its tree of partitions.
::Oid home_of(const Table &table);

// Whether the table is planned with the target's schemas: a user table of theirs, or what is listed and has
// no place there.
bool is_of_schemas(const Target &target, const Table &table, const Members &members);

// 55000 for a publication that lists no tables of the schema, because it publishes all of them.
void require_listable(const Publication &publication, ::Oid schema);

// The caller must be its owner, and is told that it publishes nothing so far.
void check_publication(const Publication &publication, bool is_empty, Plan &plan);

// Plans the statement that creates a publication, with these words after its name.
void plan_new_publication(const char *name, const char *options, const Effect *effect, Plan &plan);

} // namespace dj_deploy
