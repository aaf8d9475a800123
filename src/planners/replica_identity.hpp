// ALTER TABLE "lab"."session" REPLICA IDENTITY FULL, as DataJoint's specification of deployment operations
// says.
#pragma once

#include "plan/plan.hpp"
#include "publishing/harm.hpp"

namespace dj_deploy {

struct ReplicaIdentityPlanner {
    static constexpr Scope scope = {};
    static const StatementKind statement;
    static constexpr std::array statements = {&statement};

    char identity;     // as in pg_class.relreplident
    const char *index; // of identity 'i'
    bool skip_unchanged;

    void plan(const Target &target, std::span<const Table> tables, Plan &plan) const;

private:
    void require_index(const Table &table) const;
    bool is_settled(const Table &table) const;
    const Effect *effect_on(const Table &table) const;
    const Effect *effect_on_shards(const Table &table, const DifferingShards &shards) const;
    void notice_replaced(const Table &table, Plan &plan) const;
    void warn_of_broken_writes(Plan &plan) const;
};

// What a statement of this kind sets.
const ::ReplicaIdentityStmt &planned_identity(const ::Node *parsed);

struct IdentityName {
    char kind;
    const char *index;
};

// A WARNING that these writes on the table will fail once it has the identity.
Remark remark_of(const BrokenWrite &broken, const char *schema, const char *table,
                 const IdentityName &identity);

// FULL, DEFAULT, NOTHING or USING INDEX "session_pkey", as in a statement. An index that is null was dropped:
// the server then takes the table for one with NOTHING.
const char *identity_clause(char identity, const char *index);

// full, default, nothing, index "session_pkey", or index dropped: as in a report.
const char *identity_word(char identity, const char *index);

} // namespace dj_deploy
