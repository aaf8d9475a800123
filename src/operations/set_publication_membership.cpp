// set_publication_membership: which tables of the target a publication holds.
#include "operation.hpp"
#include "planners/publication_membership.hpp"

namespace dj_deploy {

namespace {

struct SetPublicationMembership {
    static constexpr const char *command = "ALTER PUBLICATION";
    static constexpr Scope scope = PublicationMembershipPlanner::scope;
    static constexpr std::array statements = PublicationMembershipPlanner::statements;

    const char *name;
    bool is_member;

    static SetPublicationMembership request(const Arguments &arguments)
    {
        const char *name = arguments.string("publication");
        require_name("publication", name);
        return {.name = name, .is_member = arguments.boolean("member")};
    }

    void plan(const Target &target, std::span<const Table> tables, Plan &plan) const
    {
        const PublicationMembershipPlanner planner{.name = name, .is_member = is_member};
        planner.plan(target, tables, plan);
    }
};

} // namespace

DJ_DEPLOY_OPERATION(set_publication_membership, run_operation, SetPublicationMembership);

} // namespace dj_deploy
