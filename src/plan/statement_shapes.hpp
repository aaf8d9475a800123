// Shapes that kinds of statement have in common, for their readers. Each is exact: what the parser accepts
// besides, such as IF EXISTS, CASCADE or a list of tables, is none of ours.
#pragma once

#include "plan/statement_kind.hpp"

namespace dj_deploy {

// The node if it is one of that type, else null: as<::GrantStmt>(parsed, ::T_GrantStmt)
template <class Node>
const Node *as(const ::Node *parsed, ::NodeTag tag)
{
    return nodeTag(parsed) == tag ? reinterpret_cast<const Node *>(parsed) : nullptr;
}

// ALTER TABLE "lab"."session" and its commands; null for anything else.
const ::List *read_alter_table(const ::Node *parsed, StatementNames &names);

// ALTER TABLE "lab"."session" SET (fillfactor = 90), RESET (parallel_workers), or one of the two, where all
// parameters are ours.
bool read_parameters(const ::Node *parsed, bool (*is_ours)(const ::DefElem &parameter),
                     StatementNames &names);

// ALTER PUBLICATION "cdc" ADD TABLE "lab"."session", or another action with one table; its entry, else null.
const ::PublicationTable *read_member(const ::Node *parsed, ::AlterPublicationAction action,
                                      StatementNames &names);

// GRANT or REVOKE of privileges for one role, or PUBLIC.
bool is_plain_grant(const ::GrantStmt &parsed);

// Its one object: the RangeVar or String, else null.
const ::Node *only_object(const ::GrantStmt &parsed);

} // namespace dj_deploy
