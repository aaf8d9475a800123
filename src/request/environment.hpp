// The environment document, version 1: how publications and schemas are to be. What it does not name has no
// setting here.
#pragma once

#include "request/access.hpp"
#include "request/storage_parameters.hpp"

namespace dj_deploy {

struct PublicationSettings {
    const char *name;
    bool has_publish; // whether the next four are given
    bool is_insert;
    bool is_update;
    bool is_delete;
    bool is_truncate;
    bool has_via_root; // whether publish_via_partition_root is given
    bool is_via_root;
    bool has_generated_option; // whether publish_generated_columns is given (18 and later)
    bool has_generated;        // "stored", else "none"
};

// What can be said of a schema, for its tables, and of a table.
struct Settings {
    char identity;              // as in pg_class.relreplident; 0 when not given
    const char *identity_index; // of identity 'i', which only a table can have; null when it was dropped
    bool has_publications;      // whether the next is given
    Array<const char *> publications; // by name
    Array<StorageParameter> parameters;
};

struct TableSettings {
    const char *name;
    const char *path;
    Settings settings;
    bool allows_breaking_writes;
};

struct RoleSettings {
    const char *role;
    Access access;
    bool has_future_tables;
};

struct SchemaSettings {
    const char *name;
    Settings settings;
    Array<RoleSettings> grants; // by role
    Array<TableSettings> tables;
};

struct Environment {
    Array<PublicationSettings> publications; // by name
    Array<SchemaSettings> schemas;           // by name
};

// Reads "environment". 22023, with the JSON path, for what is not a document of version 1; 42622 for names
// that are too long.
Environment request_environment(const Arguments &arguments);

} // namespace dj_deploy
