// Proposals by their kinds.
#include "checks/finding.hpp"

namespace dj_deploy {

About Finding::about() const
{
    if (subject != nullptr)
        return subject->about;
    const bool has_place = place.schema != nullptr || place.object != nullptr;
    return has_place ? place : About{.object = object};
}

Array<Proposal> proposals(std::initializer_list<Proposal> list)
{
    Array<Proposal> array;
    for (const Proposal &proposal : list)
        array.push(proposal);
    return array;
}

Proposal set_identity(char mode)
{
    return {.kind = Proposal::Kind::identity, .mode = mode};
}

Proposal set_identity_of_root(const Subject &root, char mode)
{
    return {.kind = Proposal::Kind::identity, .mode = mode, .root = &root};
}

const char *reason_of(WriteHazard hazard, char identity)
{
    switch (hazard) {
    case WriteHazard::column_list:
        return identity == REPLICA_IDENTITY_FULL ? "FULL goes with no column list"
                                                 : "the column list leaves out columns of the key";
    case WriteHazard::row_filter:
        return "the row filter reads columns outside the key";
    case WriteHazard::generated_column:
        return "generated columns of its replica identity are not published";
    default:
        return "nothing identifies its rows";
    }
}

Proposal join(const Publication &publication)
{
    return {.kind = Proposal::Kind::join, .publication = &publication};
}

Proposal join_all(const Publication &publication)
{
    return {.kind = Proposal::Kind::join_all, .publication = &publication};
}

const Publication *new_publication(const char *name)
{
    auto *publication = static_cast<Publication *>(::palloc(sizeof(Publication)));
    *publication = publication_to_make(1, name);
    return publication;
}

Proposal run_and_join(const char *statements, const Intent &intent, const Publication *publication)
{
    return {
        .kind = Proposal::Kind::join, .publication = publication, .statement = statements, .intent = intent};
}

Proposal leave(const Publication &publication)
{
    return {.kind = Proposal::Kind::leave, .publication = &publication};
}

Proposal statement(const char *text, const Intent &intent)
{
    return {.kind = Proposal::Kind::statement, .statement = text, .intent = intent};
}

} // namespace dj_deploy
