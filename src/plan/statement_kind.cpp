// The pointers lie one after another because the section holds nothing else.
#include "plan/statement_kind.hpp"

// The linker defines both ends of a section whose name is an identifier. Hidden, or another module that has
// such a section could stand in for ours.
extern "C" [[gnu::visibility("hidden")]] const dj_deploy::Declaration *const __start_dj_deploy_declarations[];
extern "C" [[gnu::visibility("hidden")]] const dj_deploy::Declaration *const __stop_dj_deploy_declarations[];

namespace dj_deploy {

std::span<const Declaration *const> declarations()
{
    return {__start_dj_deploy_declarations, __stop_dj_deploy_declarations};
}

namespace {

bool has(std::span<const StatementKind *const> kinds, const StatementKind *kind)
{
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

} // namespace

void require_declared(const StatementKind *kind, std::span<const StatementKind *const> declared)
{
    if (!has(declared, kind))
        elog(ERROR, "a statement is of a kind that its operation does not declare");
}

void require_declared(const StatementKind *kind)
{
    const auto has_it = [&](const Declaration *declaration) { return has(declaration->statements, kind); };
    if (std::ranges::none_of(declarations(), has_it))
        elog(ERROR, "a statement is of a kind that nothing declares");
}

} // namespace dj_deploy
