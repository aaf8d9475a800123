// Table storage parameters about vacuum, as a call gives them in JSON.
#pragma once

#include "pg/json.hpp"
#include "request/arguments.hpp"

namespace dj_deploy {

struct StorageParameter {
    const char *name;      // "autovacuum_enabled" or "toast.autovacuum_enabled"
    const char *option;    // the same without "toast."
    bool is_toast;         // of the TOAST table
    const char *value;     // null to reset it
    bool is_string;        // whether the value was a string in the JSON
    const ::bytea *parsed; // the value as the server understands it
};

// Whether this server has a storage parameter of that name about vacuum, for a table or, where nothing is
// analyzed, a TOAST table.
bool is_vacuum_parameter(const char *option, bool is_toast);

// Reads {"name": number | boolean | string | null, ...}; by name, in byte order. 22023 for anything else, for
// a name that this server does not know for tables, for a value that its parser refuses, and for more
// than 64. The path, if any, is where the object stands in an environment document.
Array<StorageParameter> read_storage_parameters(const JsonValue &object, const char *path = nullptr);

// The parameter that an element "name=value" of pg_class.reloptions sets. Returns false for one that is not
// about vacuum, or longer than one that is given may be.
bool read_option(const char *element, bool is_toast, StorageParameter &parameter);

// Whether a value that is in force, as "name=value", means the same as the parameter's.
bool has_same_meaning(const StorageParameter &parameter, const char *name_and_value);

} // namespace dj_deploy
