// A list of names for a message: "lab.session", "lab.trial" and 8 more.
#pragma once

#include "pg/postgres.hpp"

namespace dj_deploy {

// How many things a message names before it counts the rest.
constexpr std::size_t most_named = 10;

struct NameList {
    ::StringInfoData text;
    std::size_t count;

    static NameList empty()
    {
        NameList list{.text = {}, .count = 0};
        ::initStringInfo(&list.text);
        return list;
    }

    void add(const char *name)
    {
        if (++count <= most_named)
            ::appendStringInfo(&text, "%s\"%s\"", count > 1 ? ", " : "", name);
    }

    const char *finish()
    {
        if (count > most_named)
            ::appendStringInfo(&text, " and %zu more", count - most_named);
        return text.data;
    }
};

} // namespace dj_deploy
