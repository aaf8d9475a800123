// Quoted as SQL needs it.
#include "checks/calls.hpp"

#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

const char *mode_name(char mode)
{
    return mode == REPLICA_IDENTITY_FULL ? "full" : "default";
}

} // namespace

CallTarget target_of(const Array<const Subject *> &subjects)
{
    if (subjects.count == 1)
        return {
            .argument = ::psprintf("%s::regclass", literal(subjects[0]->name)), .select = "%s", .source = ""};
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (const Subject *subject : subjects)
        ::appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", literal(subject->name));
    return {.argument = "t",
            .select = "pg_catalog.count(%s)",
            .source = ::psprintf(" FROM pg_catalog.unnest(ARRAY[%s]::regclass[]) AS t", text.data)};
}

const char *identity_call(const char *argument, char mode)
{
    return ::psprintf("dj_deploy.set_replica_identity(%s, '%s', dry_run => false)", argument,
                      mode_name(mode));
}

const char *membership_call(const char *argument, const Publication &publication, bool is_member)
{
    return ::psprintf("dj_deploy.set_publication_membership(%s, %s, %sdry_run => false)", argument,
                      literal(publication.name), is_member ? "" : "member => false, ");
}

const char *selected(const CallTarget &target, const char *call)
{
    return ::psprintf("SELECT %s%s", ::psprintf(target.select, call), target.source);
}

} // namespace dj_deploy
