// The schemas that a check is asked about, or a remedy is for.
#pragma once

#include "plan/about.hpp"
#include "request/target.hpp"

namespace dj_deploy {

struct Home {
    ::Oid schema;
    const char *name;
};

struct Homes {
    Array<Home> all; // by name, each once

    // Finds the schemas, as resolve_schema() does.
    static Homes of(const NamedTarget &named);

    bool is_one() const { return all.count == 1; }
    bool has(::Oid schema) const;
    Target target() const;

    template <class Condition>
    Homes where(Condition &&condition) const
    {
        Homes some{};
        for (const Home &home : all)
            if (condition(home.schema))
                some.all.push(home);
        return some;
    }

    // The schema; of several, how many.
    About about() const;

    // As the argument of a call: 'lab', or ARRAY['lab', 'rig']
    const char *argument() const;

    // As in a statement: lab, rig
    const char *names() const;
};

} // namespace dj_deploy
