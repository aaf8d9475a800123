// The server's own grammar says what a statement is.
#include "request/statements.hpp"

#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

struct Place {
    const StatementList *list;
    std::size_t index;
};

[[noreturn]] void refuse(const Place &place, const char *reason)
{
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("invalid plan: %s[%zu] %s", place.list->path, place.index, reason),
            errhint("A plan is the result of a set_ function or of apply, or an array of such statements."));
    ::pg_unreachable();
}

[[noreturn]] void refuse_kind(const Place &place)
{
    refuse(place, "is not a statement of the kinds that the set_ functions and apply produce");
}

void require_qualified(const Place &place, const ::RangeVar *table)
{
    if (table->schemaname == nullptr || table->catalogname != nullptr)
        refuse(place, "names a table without its schema");
}

// ALTER TABLE "lab"."session" REPLICA IDENTITY FULL, or SET (...), or RESET (...)
void read_alter_table(const Place &place, const ::AlterTableStmt *parsed, Statement &statement)
{
    if (parsed->objtype != ::OBJECT_TABLE)
        refuse_kind(place);
    require_qualified(place, parsed->relation);
    const ::ListCell *cell = nullptr;
    foreach (cell, parsed->cmds) {
        const auto *command = lfirst_node(AlterTableCmd, cell);
        const bool is_option =
            command->subtype == ::AT_SetRelOptions || command->subtype == ::AT_ResetRelOptions;
        if (!is_option && command->subtype != ::AT_ReplicaIdentity)
            refuse_kind(place);
        statement.sets_identity = statement.sets_identity || !is_option;
        // Also for options that are not toast.*.
        statement.locks_toast = statement.locks_toast || is_option;
    }
    statement.table = parsed->relation;
    statement.lock = ::AlterTableGetLockLevel(parsed->cmds);
    statement.needs_owner = true;
}

// ALTER PUBLICATION "cdc" ADD TABLE "lab"."session", or SET (publish = 'insert')
void read_alter_publication(const Place &place, const ::AlterPublicationStmt *parsed, Statement &statement)
{
    statement.publication = parsed->pubname;
    if (parsed->options != NIL) {
        statement.waits_for_earlier = true;
        statement.may_publish_less = true;
        return;
    }
    const bool is_member = parsed->pubobjects != NIL &&
                           (parsed->action == ::AP_AddObjects || parsed->action == ::AP_DropObjects);
    if (!is_member || ::list_length(parsed->pubobjects) != 1)
        refuse_kind(place);
    const auto *object = linitial_node(PublicationObjSpec, parsed->pubobjects);
    if (object->pubobjtype != ::PUBLICATIONOBJ_TABLE)
        refuse_kind(place);
    require_qualified(place, object->pubtable->relation);
    statement.table = object->pubtable->relation;
    statement.lock = ShareUpdateExclusiveLock;
    statement.needs_owner = parsed->action == ::AP_AddObjects;
    statement.adds_member = parsed->action == ::AP_AddObjects;
}

// DROP PUBLICATION "cdc", which undoes its creation
void read_drop(const Place &place, const ::DropStmt *parsed, Statement &statement)
{
    if (parsed->removeType != ::OBJECT_PUBLICATION || ::list_length(parsed->objects) != 1 ||
        parsed->missing_ok)
        refuse_kind(place);
    statement.publication = strVal(linitial(parsed->objects));
    statement.waits_for_earlier = true;
    statement.may_publish_less = true;
}

// GRANT SELECT ON TABLE "lab"."session" TO "reader"
void read_grant(const Place &place, const ::GrantStmt *parsed, Statement &statement)
{
    const bool is_relation = parsed->objtype == ::OBJECT_TABLE || parsed->objtype == ::OBJECT_SEQUENCE;
    if (parsed->targtype != ::ACL_TARGET_OBJECT || ::list_length(parsed->objects) != 1 ||
        (!is_relation && parsed->objtype != ::OBJECT_SCHEMA))
        refuse_kind(place);
    if (!is_relation)
        return;
    statement.table = linitial_node(RangeVar, parsed->objects);
    statement.lock = AccessShareLock;
    statement.is_about_sequence = parsed->objtype == ::OBJECT_SEQUENCE;
    require_qualified(place, statement.table);
}

struct Parsing {
    Place place;
    const char *text;
    ::MemoryContext memory;
};

// The server repeats what it could not read, which may be all of the statement, and identifiers that it
// truncates.
void shorten_message(::MemoryContext memory)
{
    const ::MemoryContext errors = ::MemoryContextSwitchTo(memory);
    const ::ErrorData *raised = ::CopyErrorData();
    ::MemoryContextSwitchTo(errors);
    errmsg_internal("%s", shorten(raised->message, longest_shown_statement));
}

// The position of a syntax error is one in the entry, not in the statement of the caller.
void name_place(void *given)
{
    const auto *parsing = static_cast<const Parsing *>(given);
    shorten_message(parsing->memory);
    if (const int position = ::geterrposition(); position > 0) {
        const Excerpt excerpt = Excerpt::of(parsing->text, position);
        ::errposition(0);
        ::internalerrposition(excerpt.position);
        ::internalerrquery(excerpt.text);
    }
    errcontext("plan entry %s[%zu]", parsing->place.list->path, parsing->place.index);
}

::List *parse(const Place &place, const char *text)
{
    Parsing parsing{place, text, ::CurrentMemoryContext};
    ::ErrorContextCallback callback{.previous = error_context_stack, .callback = name_place, .arg = &parsing};
    error_context_stack = &callback;
    ::List *parsed = ::raw_parser(text, ::RAW_PARSE_DEFAULT);
    error_context_stack = callback.previous;
    return parsed;
}

} // namespace

::Oid Statement::find_table() const
{
    const ::Oid schema = table == nullptr ? InvalidOid : ::get_namespace_oid(table->schemaname, true);
    return OidIsValid(schema) ? ::get_relname_relid(table->relname, schema) : InvalidOid;
}

const char *Statement::shown_name() const
{
    return ::psprintf("%s.%s", table->schemaname, table->relname);
}

std::string_view StatementList::text(std::size_t index) const
{
    ::JsonbValue *entry = ::getIthJsonbValueFromContainer(array, static_cast<std::uint32_t>(index));
    if (entry == nullptr || entry->type != ::jbvString)
        refuse({this, index}, "is not a string");
    const std::string_view found(entry->val.string.val, static_cast<std::size_t>(entry->val.string.len));
    ::pfree(entry);
    return found;
}

Statement StatementList::statement(std::size_t index) const
{
    const Place place{this, index};
    const std::string_view found = text(index);
    Statement statement{.text = ::pnstrdup(found.data(), found.size()),
                        .table = nullptr,
                        .lock = NoLock,
                        .publication = nullptr,
                        .needs_owner = false,
                        .locks_toast = false,
                        .is_about_sequence = false,
                        .waits_for_earlier = false,
                        .may_publish_less = false,
                        .sets_identity = false,
                        .adds_member = false,
                        .parsed = nullptr};
    ::List *parsed = parse(place, statement.text);
    if (::list_length(parsed) != 1)
        refuse(place, "is not one statement");

    ::Node *node = linitial_node(RawStmt, parsed)->stmt;
    statement.parsed = node;
    switch (nodeTag(node)) {
    case ::T_AlterTableStmt:
        read_alter_table(place, castNode(AlterTableStmt, node), statement);
        break;
    case ::T_AlterPublicationStmt:
        read_alter_publication(place, castNode(AlterPublicationStmt, node), statement);
        break;
    case ::T_CreatePublicationStmt:
        if (castNode(CreatePublicationStmt, node)->pubobjects != NIL ||
            is_for_all(castNode(CreatePublicationStmt, node)))
            refuse_kind(place);
        break;
    case ::T_DropStmt:
        read_drop(place, castNode(DropStmt, node), statement);
        break;
    case ::T_GrantStmt:
        read_grant(place, castNode(GrantStmt, node), statement);
        break;
    case ::T_AlterDefaultPrivilegesStmt:
        break;
    default:
        refuse_kind(place);
    }
    return statement;
}

StatementList request_statements(const Arguments &arguments)
{
    JsonValue plan = arguments.json("plan");
    const char *path = "$";
    if (plan.is_object()) {
        if (::getKeyJsonValueFromContainer(plan.value.val.binary.data, "refused", 7, nullptr) != nullptr)
            ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("the plan is one that apply would refuse"),
                    errdetail("Writes would begin to fail: its \"refused\" says which."));
        const ::JsonbValue *ddl =
            ::getKeyJsonValueFromContainer(plan.value.val.binary.data, "ddl", 3, nullptr);
        plan = ddl != nullptr ? JsonValue{*ddl} : JsonValue{};
        path = "$.ddl";
    }
    if (!plan.is_array())
        ereport(
            ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("invalid plan: %s is not an array of statements", path),
            errhint("A plan is the result of a set_ function or of apply, or an array of such statements."));
    ::JsonbContainer *array = plan.value.val.binary.data;
    return {.array = array, .path = path, .count = JsonContainerSize(array)};
}

} // namespace dj_deploy
