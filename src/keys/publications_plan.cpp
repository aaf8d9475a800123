// Publication by publication, by name.
#include "keys/publication_members.hpp"

namespace dj_deploy {

namespace {

const char *shown_name(::Oid table)
{
    return ::psprintf("%s.%s", ::get_namespace_name(::get_rel_namespace(table)), ::get_rel_name(table));
}

// The server refuses to publish partitions as themselves while a table above them is narrowed.
void require_whole_roots(const char *publication, const Members &members)
{
    for (const Member &member : members.listed)
        if (!member.is_plain && ::get_rel_relkind(member.table) == RELKIND_PARTITIONED_TABLE)
            ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("publication \"%s\" needs publish_via_partition_root", publication),
                    errdetail("It has a column list or row filter for partitioned table \"%s\".",
                              shown_name(member.table)));
}

// Through a table above it the server publishes all of a partition, whatever the partition's own entry says.
void require_whole_partitions(const char *publication, const Members &members)
{
    for (const Member &member : members.listed) {
        if (!member.is_plain && members.holds_above(member.table))
            ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("publication \"%s\" cannot have publish_via_partition_root", publication),
                    errdetail("Its column list or row filter for partition \"%s\" would no longer count.",
                              shown_name(member.table)));
    }
}

// A publication whose partitions will be published in the other way, and what it will list then.
struct Turned {
    const NamedPublication *publication;
    Members members;
};

} // namespace

void PublicationNames::plan(Draft &draft)
{
    const Array<NamedPublication> publications = NamedPublication::all_of(draft);
    if (publications.is_empty())
        return;
    const DesiredMembers desired = DesiredMembers::of(draft.resolved);
    const KnownMembers known = KnownMembers::read(draft, publications.view());
    Array<Turned> turned;
    for (const NamedPublication &publication : publications) {
        CHECK_FOR_INTERRUPTS();
        const Members members = plan_members(draft, desired, known, publication);
        if (publication.known.is_via_root != publication.is_via_root)
            turned.push({.publication = &publication, .members = members});
    }
    for (const auto &[publication, members] : turned)
        (publication->is_via_root ? require_whole_partitions : require_whole_roots)(publication->known.name,
                                                                                    members);
}

} // namespace dj_deploy
