// What a change, a skip, a difference or a finding is about, in the columns that all reports share.
#pragma once

#include "catalog/tables.hpp"
#include "pg/json.hpp"
#include "pg/rows.hpp"

namespace dj_deploy {

// Names are bare, so that they can be joined; null where it is about no table, or about no schema.
struct About {
    const char *schema = nullptr;
    const char *table = nullptr;
    const char *object = nullptr; // anything else, there or not in a schema, as text: PUBLICATION "cdc"

    static About of(const Table &table) { return {.schema = table.schema, .table = table.name}; }

    // schema_name, table_name and object.
    std::array<Cell, 3> cells() const { return {Cell::text(schema), Cell::text(table), Cell::text(object)}; }

    // "lab"."session", SCHEMA "lab", or the object.
    const char *text() const;

    // Adds "schema_name", "table_name" and, where there is one, "object".
    void add_to(JsonObject &json) const;
};

} // namespace dj_deploy
