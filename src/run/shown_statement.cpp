// Cuts out of the text what we have written there; what is written otherwise stays as it is.
#include "run/shown_statement.hpp"

#include "plan/privileges.hpp"
#include "plan/quote.hpp"
#include "plan/statement_shapes.hpp"
#include "planners/replica_identity.hpp"

namespace dj_deploy {

namespace {

// The name of the table with what leads to it in the statement, if it stands there as we write it.
std::string_view find_name(const char *text, const ::RangeVar &table)
{
    const std::string_view name = qualified_name(table.schemaname, table.relname);
    if (table.location < 0 || !std::string_view(text + table.location).starts_with(name))
        return {};
    const std::string_view before(text, static_cast<std::size_t>(table.location));
    for (const std::string_view words : {"ALTER TABLE ", " ON TABLE ", " ON SEQUENCE ", " "})
        if (before.ends_with(words))
            return {before.end() - words.size(), words.size() + name.size()};
    return {text + table.location, name.size()};
}

// The text without these words, where they stand first.
const char *cut_out(const char *text, std::string_view words)
{
    const std::string_view whole = text;
    const std::size_t at = words.empty() ? std::string_view::npos : whole.find(words);
    if (at == std::string_view::npos)
        return text;
    const std::size_t after = at + words.size();
    const std::size_t rest = at == 0 && after < whole.size() ? after + 1 : after; // and the space behind it
    return ::psprintf("%.*s%s", static_cast<int>(at), text, text + rest);
}

// The statement without the table that the row is about, GRANT SELECT TO "analyst", or without options:
// CREATE PUBLICATION "cdc"
const char *without_table(const Statement &statement)
{
    const StatementNames &names = statement.names;
    const std::string_view whole = statement.text;
    std::string_view cut;
    if (names.table != nullptr && names.table->schemaname != nullptr)
        cut = find_name(statement.text, *names.table);
    else if (names.schema != nullptr)
        cut = ::psprintf(" ON SCHEMA %s", identifier(names.schema));
    else if (const std::size_t options = whole.find(" WITH ("); options != std::string_view::npos)
        cut = statement.text + options;
    return cut_out(statement.text, cut);
}

} // namespace

FutureThings FutureThings::of(const Statement &statement)
{
    if (statement.kind != &default_privileges_statement)
        return {};
    const auto *altered = reinterpret_cast<const ::AlterDefaultPrivilegesStmt *>(statement.parsed);
    const bool is_about_tables = altered->action->objtype == ::OBJECT_TABLE;
    const auto *option = linitial_node(DefElem, altered->options);
    const auto *first = static_cast<const ::Node *>(linitial(castNode(List, option->arg)));
    const auto *creator = as<::RoleSpec>(first, ::T_RoleSpec);
    if (creator == nullptr || creator->rolename == nullptr || statement.names.schema == nullptr)
        return {};
    const std::string_view head =
        ::psprintf("ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s ", identifier(creator->rolename),
                   identifier(statement.names.schema));
    if (!std::string_view(statement.text).starts_with(head))
        return {};
    return {.object = ::psprintf("future %s of %s", is_about_tables ? "tables" : "sequences",
                                 identifier(creator->rolename)),
            .change =
                cut_out(statement.text + head.size(), is_about_tables ? " ON TABLES" : " ON SEQUENCES")};
}

const char *change_of_statement(const Statement &statement)
{
    if (statement.kind == nullptr)
        return statement.text;
    if (statement.kind->sets_identity) {
        const ::ReplicaIdentityStmt &identity = planned_identity(statement.parsed);
        return ::psprintf("replica identity -> %s", identity_word(identity.identity_type, identity.name));
    }
    if (statement.names.publication != nullptr && statement.names.table != nullptr)
        return ::psprintf("publications.%s -> %s", statement.names.publication,
                          statement.kind->adds_member ? "member" : "none");
    return without_table(statement);
}

} // namespace dj_deploy
