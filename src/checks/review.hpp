// What a check looks at: the tables of schemas and the publications that are judged, as they are or as they
// would be after a remedy.
#pragma once

#include "checks/homes.hpp"
#include "checks/subject.hpp"

namespace dj_deploy {

// For whom schemas are judged; "any" asks what holds for every consumer.
enum class Consumer : std::size_t { any, lakehouse_sync, debezium, clickpipes, postgres };

constexpr std::array consumer_names =
    std::to_array<const char *>({"any", "lakehouse_sync", "debezium", "clickpipes", "postgres"});

// What was asked for.
struct Question {
    Homes homes;
    const char *publication; // empty for all that publish tables of the schemas
    Consumer consumer;
};

// What a table's replica identity comes down to.
enum class IdentityState : std::int32_t { full, by_key, no_key, nothing, by_index, index_dropped };

// FULL, DEFAULT, DEFAULT without a primary key, ...
const char *state_name(IdentityState state);

// The judged publication that tables of a home would join; null without.
struct Choice {
    ::Oid home;
    const Publication *publication;
};

struct Review {
    const Question *question;
    const Subjects *all;
    Scenario scenario;
    Array<const Subject *> subjects;   // those that are looked at, in order: all, or what a remedy is about
    Array<const Publication *> judged; // by name
    Array<Choice> choices;             // for each home
    std::size_t user_tables;           // of the schemas

    // Of all subjects.
    static Review of(const Question &question, const Subjects &subjects, const Scenario &scenario);

    // The same question about these subjects in another scenario of the same facts.
    Review in(const Scenario &other, const Array<const Subject *> &looked_at) const;

    IdentityState state(const Subject &subject) const;
    bool has_key(const Subject &subject) const;

    const Publication *chosen_for(const Subject &subject) const;

    // As SQL writes it; of a table that is gone "?.?".
    const char *name_of(const Relation &table) const;

    // The subjects that hold the table's rows, of those that are looked at: a partition is judged without the
    // others.
    std::span<const Subject *const> leaves(const Subject &subject) const;

    // Whether a judged publication publishes the table, or what a partitioned table stands for.
    bool is_published(const Subject &subject, const Publication &publication) const;
    bool is_published(const Subject &subject) const;

    // The same where it is to be logged.
    bool is_published_when_logged(const Subject &subject) const;

    // Whether writes on it would fail with FULL.
    bool fails_when_full(const Subject &subject) const;

    // The publications that make writes on it fail for want of an identity, of its partitions, too: their
    // names, "" where none does.
    const char *failing_publications(const Subject &subject) const;

    bool is(Consumer consumer) const { return question->consumer == consumer; }
};

} // namespace dj_deploy
