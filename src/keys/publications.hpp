// The two keys called "publications": that of the document, publications and their options; and that of
// schemas and tables, the names of those that hold them. Each needs to know of the other.
#pragma once

#include "environment/description.hpp"
#include "environment/draft.hpp"
#include "planners/publication_options.hpp"

namespace dj_deploy {

// {"cdc": {"publish": ["insert", "update"], "publish_via_partition_root": true}}
struct PublicationOptions {
    static constexpr const char *name = "publications";
    static constexpr std::array levels = {Level::document};
    static constexpr int turn = 10;

    Array<PublicationSettings> publications; // by name

    static PublicationOptions read(const Path &path, const JsonValue &json, Level level);
    ::JsonbValue write() const;
    static void plan(Draft &draft);
    static void describe(Description &description);
};

// ["cdc"]: of the publications that the document names, these hold the table and the others do not. Of a
// schema that is said of its user tables, with partitions through their root.
struct PublicationNames {
    static constexpr const char *name = "publications";
    static constexpr std::array levels = {Level::schema, Level::table};
    static constexpr int turn = 30;

    Array<const char *> names; // in order

    static PublicationNames read(const Path &path, const JsonValue &json, Level level);
    ::JsonbValue write() const;
    static void plan(Draft &draft);
    static void describe(Description &description);

    bool has(std::string_view publication) const;
};

// The publications that an environment document speaks of, each once, by name, with what it says of them.
Array<PublicationSettings> named_publications(const Environment &environment);

} // namespace dj_deploy
