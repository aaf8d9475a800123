// The environment document, version 1: how publications and schemas are to be. What it does not name has no
// setting here.
#pragma once

#include "environment/settings.hpp"
#include "request/arguments.hpp"

namespace dj_deploy {

struct TableSettings {
    const char *name;
    const char *path; // where it stands in the document
    bool must_exist;  // a pattern may name tables that only some schemas have
    Settings settings;
};

// Of a schema, or of all schemas whose names match a pattern.
struct SchemaSettings {
    const char *name; // or the pattern
    const char *path;
    Settings settings;
    Array<TableSettings> tables; // by name
};

struct Environment {
    Settings settings;              // of the document as a whole
    Array<SchemaSettings> patterns; // by pattern
    Array<SchemaSettings> schemas;  // by name
};

// Reads "environment". 22023, with the JSON path, for what is not a document of version 1; 42622 for names
// that are too long.
Environment request_environment(const Arguments &arguments);

} // namespace dj_deploy
