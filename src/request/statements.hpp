// A plan as a call gives it: statements in jsonb. Read one by one, because there may be 100,000 of them.
#pragma once

#include "request/arguments.hpp"

namespace dj_deploy {

struct StatementList {
    ::JsonbContainer *array;
    const char *path; // of the array: "$" or "$.ddl"
    std::size_t count;

    std::string_view text(std::size_t index) const; // as it lies in the plan, without a zero at its end

    // 22023 that names the statement by its JSON path, like $.ddl[3].
    [[noreturn]] void refuse(std::size_t index, const char *reason) const;
};

// Reads "plan": the result of a call, or an array of statements. 22023 for anything else; 55000 for
// a plan that is marked as refused.
StatementList request_statements(const Arguments &arguments);

} // namespace dj_deploy
