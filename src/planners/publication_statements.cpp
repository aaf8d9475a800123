// Whole publications are those of apply, besides their creation; each option has a statement of its own.
#include "planners/publication_statements.hpp"

#include "plan/statement_shapes.hpp"

namespace dj_deploy {

namespace {

// publish = 'insert, update'
bool is_option(const ::DefElem &option)
{
    constexpr std::array<std::string_view, 3> options = {"publish", "publish_via_partition_root",
                                                         "publish_generated_columns"};
    return std::find(options.begin(), options.end(), option.defname) != options.end();
}

// CREATE PUBLICATION "cdc" WITH (publish = 'insert, update', publish_via_partition_root = true)
bool read_creation(const ::Node *parsed, StatementNames &)
{
    const auto *statement = as<::CreatePublicationStmt>(parsed, ::T_CreatePublicationStmt);
    if (statement == nullptr || statement->pubobjects != NIL || is_for_all(statement))
        return false;
    for (int index = 0; index < ::list_length(statement->options); index++)
        if (!is_option(*list_nth_node(DefElem, statement->options, index)))
            return false;
    return true;
}

// DROP PUBLICATION "cdc"
bool read_removal(const ::Node *parsed, StatementNames &names)
{
    const auto *statement = as<::DropStmt>(parsed, ::T_DropStmt);
    if (statement == nullptr || statement->removeType != ::OBJECT_PUBLICATION || statement->missing_ok ||
        statement->behavior != ::DROP_RESTRICT || ::list_length(statement->objects) != 1)
        return false;
    names.publication = strVal(linitial(statement->objects));
    return true;
}

// ALTER PUBLICATION "cdc" SET (publish = 'insert, update')
bool read_option_change(const ::Node *parsed, StatementNames &names)
{
    const auto *statement = as<::AlterPublicationStmt>(parsed, ::T_AlterPublicationStmt);
    if (statement == nullptr || ::list_length(statement->options) != 1 ||
        !is_option(*linitial_node(DefElem, statement->options)))
        return false;
    names.publication = statement->pubname;
    return true;
}

// ALTER PUBLICATION "cdc" ADD TABLE "lab"."session"; where it undoes something, with the columns and the row
// filter that were: ("id", "note") WHERE (id > 1)
bool read_addition(const ::Node *parsed, StatementNames &names)
{
    return read_member(parsed, ::AP_AddObjects, names) != nullptr;
}

// ALTER PUBLICATION "cdc" DROP TABLE "lab"."session"
bool read_member_removal(const ::Node *parsed, StatementNames &names)
{
    const ::PublicationTable *member = read_member(parsed, ::AP_DropObjects, names);
    return member != nullptr && member->columns == NIL && member->whereClause == nullptr;
}

} // namespace

constinit const StatementKind publication_creation = {.read = read_creation};

constinit const StatementKind publication_removal = {
    .may_publish_less = true, .waits_for_earlier = true, .read = read_removal};

constinit const StatementKind option_change = {
    .may_publish_less = true, .waits_for_earlier = true, .read = read_option_change};

constinit const StatementKind member_addition = {
    .lock = ShareUpdateExclusiveLock, .needs_owner = true, .adds_member = true, .read = read_addition};

constinit const StatementKind member_removal = {.lock = ShareUpdateExclusiveLock,
                                                .read = read_member_removal};

namespace {

constexpr std::array statements = {&publication_creation, &publication_removal, &option_change};

} // namespace

DJ_DEPLOY_DECLARE(publications_of_apply, .statements = statements);

} // namespace dj_deploy
