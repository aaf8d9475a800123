// What a check finds, and what it proposes to do about it. Whether that does harm no check decides: see
// guard.hpp.
#pragma once

#include "checks/review.hpp"

namespace dj_deploy {

struct Proposal {
    enum class Kind {
        identity,  // set_replica_identity of the table
        join,      // set_publication_membership, with an identity for what needs one
        join_all,  // the same of all tables of the schema
        leave,     // the same with member => false
        statement, // what the check has written
    };

    Kind kind;
    char mode = '\0';                         // identity: as in pg_class.relreplident
    const Subject *root = nullptr;            // identity: the table that is named instead of the finding's
    const Publication *publication = nullptr; // join, leave
    const char *statement = nullptr;          // join: to be executed before
    Intent intent = {};                       // of the statement
};

struct Finding {
    const Subject *subject; // the table that it is about; null for anything else
    const char *object;     // as SQL writes it; no two of a check are about the same object and publication
    const char *text;
    const char *common =
        nullptr; // the same where it is told of several tables at once; null when it is the text
    Array<Proposal> proposals = {}; // in order of preference
    const char *by_hand = nullptr;  // what to do where none of them can be offered
    About place = {};               // of what is neither a subject nor the object
    ::Oid publication = InvalidOid; // because of which writes on the object fail

    // The subject, the place, or the object.
    About about() const;
};

struct Findings {
    Array<Finding> items;

    void add(const Finding &finding) { items.push(finding); }
};

// The proposals of a finding, in order of preference.
Array<Proposal> proposals(std::initializer_list<Proposal> list);

// Sets the identity of the table, and of its partitions.
Proposal set_identity(char mode);

// The same of the partitioned table that the finding's belongs to.
Proposal set_identity_of_root(const Subject &root, char mode);

// Adds the table to the publication, or takes it out.
Proposal join(const Publication &publication);
Proposal join_all(const Publication &publication);
Proposal leave(const Publication &publication);

// What to do where no identity can be set.
constexpr const char *key_by_hand =
    "Add a primary key, or change what publications filter or list of the table, then set its identity.";

// A publication that a proposal would make.
const Publication *new_publication(const char *name);

// Statements, separated by semicolons, with an identity for what needs one, and then the table joins the
// publication, if one is given.
Proposal run_and_join(const char *statements, const Intent &intent, const Publication *publication);

// Why writes fail, after "because": "nothing identifies its rows".
const char *reason_of(WriteHazard hazard, char identity);

// A statement as it stands.
Proposal statement(const char *text, const Intent &intent = {});

} // namespace dj_deploy
