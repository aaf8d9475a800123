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
    bool is_member;         // what the tables are to be
    bool may_create = true; // the publication; false when a missing one will be there
    Array<::Oid> named;     // tables that are named themselves, whatever belongs to the schema; sorted
    Array<::Oid> apart;     // tables of the schema that are not looked at; sorted
    const Publication *options = nullptr; // as they will be, where the plan changes them
    Array<::Oid> coming;                  // tables that are added anyway; sorted
    Array<::Oid> going;                   // tables that are dropped anyway; sorted

    // The tables of the target's schemas; then those that are named.
    void plan(const Target &target, std::span<const Table> tables, Plan &plan) const;

private:
    void require_listable(const Publication &publication, ::Oid schema) const;
    void ensure_publication(const Publication &publication, Plan &plan) const;
    void plan_schemas(const Target &target, std::span<const Table> tables, const Members &members,
                      Plan &plan) const;
    void plan_misfit(const Table &table, const Member &member, std::span<const Table> tables,
                     const Members &members, Plan &plan) const;
    void plan_named_table(const Table &table, const Members &members, Plan &plan) const;
    void add(const Table &table, const Members &members, Plan &plan) const;
    void drop(const Table &table, const Member &member, Plan &plan) const;
    const Effect *effect(const char *from, const char *to, const Phrase &undo) const;
    void warn_of_harm(const Publication &publication, std::span<const Table> tables, const Members &members,
                      Plan &plan) const;
};

// Plans the statement that creates a publication, with these words after its name.
void plan_new_publication(const char *name, const char *options, const Effect *effect, Plan &plan);

} // namespace dj_deploy
