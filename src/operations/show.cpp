// show: the result of any call as rows that a person reads: what happens to which table, under which lock.
#include "rowset.hpp"

#include "pg/context.hpp"
#include "plan/about.hpp"
#include "run/shown_statement.hpp"

namespace dj_deploy {

namespace {

[[noreturn]] void refuse(const char *what)
{
    ereport(
        ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid result: %s", what),
        errhint("A result is what a set_ function, apply or a procedure returns, or its \"ddl\" alone. One "
                "that was kept as text has to be cast to jsonb."));
    ::pg_unreachable();
}

// Null when the object has no such key.
const ::JsonbValue *find_key(const JsonValue &object, std::string_view key)
{
    return ::getKeyJsonValueFromContainer(object.value.val.binary.data, key.data(),
                                          static_cast<int>(key.size()), nullptr);
}

// Null for JSON's null, a key that is missing, and what is no string or number.
const char *text_of(const JsonValue &object, std::string_view key)
{
    const ::JsonbValue *found = find_key(object, key);
    return found == nullptr ? nullptr : JsonValue{*found}.text();
}

Array<JsonValue> items_of(const JsonValue &result, std::string_view key)
{
    const ::JsonbValue *found = result.is_object() ? find_key(result, key) : nullptr;
    if (found == nullptr)
        return {};
    const JsonValue list{*found};
    if (!list.is_array())
        refuse(::psprintf("$.%s is not an array", key.data()));
    return elements_of(list);
}

Array<JsonValue> objects_of(const JsonValue &result, std::string_view key)
{
    const Array<JsonValue> items = items_of(result, key);
    for (std::size_t index = 0; index < items.count; index++)
        if (!items[index].is_object())
            refuse(::psprintf("$.%s[%zu] is not an object", key.data(), index));
    return items;
}

StatementList statements_of(const JsonValue &result)
{
    const ::JsonbValue *ddl = result.is_object() ? find_key(result, "ddl") : nullptr;
    const JsonValue list = ddl != nullptr ? JsonValue{*ddl} : result;
    if (!list.is_array())
        refuse(ddl == nullptr ? "it has no \"ddl\"" : "$.ddl is not an array");
    ::JsonbContainer *array = list.value.val.binary.data;
    return {.array = array, .path = ddl != nullptr ? "$.ddl" : "$", .count = JsonContainerSize(array)};
}

About about_entry(const JsonValue &entry)
{
    return {.schema = text_of(entry, "schema_name"),
            .table = text_of(entry, "table_name"),
            .object = text_of(entry, "object")};
}

About about_statement(const Statement &statement)
{
    const ::RangeVar *table = statement.names.table;
    if (table != nullptr)
        return {.schema = table->schemaname, .table = table->relname};
    return {.schema = statement.names.schema};
}

// publish_via_partition_root -> true; the names behind a dot stay as they are.
const char *change_of_entry(const JsonValue &entry)
{
    const char *found = text_of(entry, "property");
    char *property = ::pstrdup(found != nullptr ? found : "?");
    for (char *letter = property; *letter != '\0' && *letter != '.'; letter++)
        if (*letter == '_')
            *letter = ' ';
    const char *value = text_of(entry, "new_value");
    return ::psprintf("%s -> %s", property, value != nullptr ? value : "none");
}

const char *lock_of(const Statement &statement)
{
    const bool has_lock =
        statement.kind != nullptr && statement.kind->lock != NoLock && statement.names.table != nullptr;
    return has_lock ? ::GetLockmodeName(DEFAULT_LOCKMETHOD, statement.kind->lock) : nullptr;
}

void add_row(const Rows &rows, Cell number, const About &about, const char *change, const char *lock,
             const char *statement)
{
    const bool is_named = about.object == nullptr;
    rows.add({{number, Cell::text(about.schema), Cell::text(about.table),
               Cell::text(is_named ? change : ::psprintf("%s: %s", about.object, change)), Cell::text(lock),
               Cell::text(statement)}});
}

struct Show {
    static constexpr const char *name = "show";

    JsonValue result;

    static Show request(const Arguments &arguments) { return {.result = arguments.json("result")}; }

    void fill(const Rows &rows) const
    {
        const StatementList statements = statements_of(result);
        const Array<JsonValue> skipped = objects_of(result, "skipped");
        const Array<JsonValue> refused = items_of(result, "refused");
        add_statements(rows, statements);
        for (const JsonValue &entry : skipped)
            add_row(rows, Cell::none(), about_entry(entry),
                    ::psprintf("skipped: %s", text_of(entry, "reason")), nullptr, text_of(entry, "remedy"));
        for (const JsonValue &message : refused)
            add_row(rows, Cell::none(), {}, ::psprintf("refused: %s", message.text()), nullptr, nullptr);
        add_row(rows, Cell::none(), {},
                ::psprintf("sum: %zu statement%s", statements.count, statements.count == 1 ? "" : "s"),
                nullptr, describe_tables(skipped.count, refused.count));
    }

private:
    // Each with what apply says of it, where it is from there; entries without a statement are about undoing.
    void add_statements(const Rows &rows, const StatementList &statements) const
    {
        const Array<JsonValue> changes = objects_of(result, "changes");
        std::size_t next = 0;
        repeat_in_scratch(statements.count, [&](std::size_t index) {
            const Statement statement = read_any_statement(statements, index);
            while (next < changes.count && text_of(changes[next], "ddl") == nullptr)
                next++;
            const bool is_known =
                next < changes.count && std::string_view(text_of(changes[next], "ddl")) == statement.text;
            const FutureThings future = FutureThings::of(statement);
            About about = is_known ? about_entry(changes[next]) : about_statement(statement);
            about.object = future.object != nullptr ? future.object : about.object;
            add_row(rows, Cell::bigint(static_cast<std::int64_t>(index + 1)), about,
                    is_known                   ? change_of_entry(changes[next])
                    : future.change != nullptr ? future.change
                                               : change_of_statement(statement),
                    lock_of(statement), statement.text);
            next += is_known;
        });
    }

    // tables_analyzed: 16, tables_modified: 0, skipped: 1
    const char *describe_tables(std::size_t skipped, std::size_t refused) const
    {
        ::StringInfoData text;
        ::initStringInfo(&text);
        const auto add = [&](const char *what, const char *number) {
            if (number != nullptr)
                ::appendStringInfo(&text, "%s%s: %s", text.len > 0 ? ", " : "", what, number);
        };
        if (result.is_object())
            for (const char *key : {"tables_analyzed", "tables_modified"})
                add(key, text_of(result, key));
        if (skipped > 0)
            add("skipped", ::psprintf("%zu", skipped));
        if (refused > 0)
            add("refused", ::psprintf("%zu", refused));
        return text.len > 0 ? text.data : nullptr;
    }
};

} // namespace

DJ_DEPLOY_FUNCTION(show, run_report<Show>);

} // namespace dj_deploy
