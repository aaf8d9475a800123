// Calls of our own functions, as a person writes them.
#pragma once

#include "checks/subject.hpp"

namespace dj_deploy {

// 'lab.session'::regclass, or t for all of ARRAY['lab.session', 'lab.trial']::regclass[]
struct CallTarget {
    const char *argument;
    const char *select; // what is selected: the call, or how many of them there were
    const char *source;
};

CallTarget target_of(const Array<const Subject *> &subjects);

// dj_deploy.set_replica_identity('lab.session'::regclass, 'full', dry_run => false)
const char *identity_call(const char *argument, char mode);

// dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)
const char *membership_call(const char *argument, const Publication &publication, bool is_member);

// SELECT of the call for the target.
const char *selected(const CallTarget &target, const char *call);

} // namespace dj_deploy
