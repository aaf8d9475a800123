// Intents, put together.
#include "publishing/intent.hpp"

namespace dj_deploy {

bool Intent::is_empty() const
{
    return identities.is_empty() && publications.is_empty() && added.is_empty() && dropped.is_empty() &&
           logged.is_empty() && removed.is_empty();
}

void Intent::absorb(const Intent &other)
{
    append(identities, other.identities);
    append(publications, other.publications);
    append(added, other.added);
    append(dropped, other.dropped);
    append(logged, other.logged);
    append(removed, other.removed);
}

} // namespace dj_deploy
