// "grants": {"analyst": "read", "pipeline": {"access": "write", "future_tables": true}}, role by role: of a
// schema and what is in it; of a table with its partitions and sequences, for which the schema's does not
// count then.
#pragma once

#include "environment/description.hpp"
#include "environment/draft.hpp"
#include "planners/grants.hpp"

namespace dj_deploy {

struct Grant {
    const char *role;
    const char *path; // where it stands in the document
    Access access;
    bool has_future_tables; // never of a table
};

struct Grants {
    static constexpr const char *name = "grants";
    static constexpr std::array levels = {Level::schema, Level::table};
    static constexpr int turn = 50;

    Array<Grant> grants; // by role

    static Grants read(const Path &path, const JsonValue &json, Level level);
    ::JsonbValue write() const;
    Grants over(const Grants &weaker) const;
    static void plan(Draft &draft);
    static void describe(Description &description);

    // Null when nothing is said of the role.
    const Grant *find(std::string_view role) const;
};

} // namespace dj_deploy
