// From the tables to the publications that list them, and not from each publication to all tables.
#include "checks/judged.hpp"

namespace dj_deploy {

namespace {

// The publications that list a subject, or publish one of the schemas as a whole; by OID.
Array<::Oid> listing_publications(const Review &review)
{
    Array<::Oid> publications;
    for (const Home &home : review.question->homes.all)
        for (const ::Oid publication : review.scenario.facts->publications_of_schema(home.schema))
            publications.push(publication);
    for (const Subject &subject : review.all->items)
        if (subject.heir_of == nullptr)
            for (const ::Oid publication : review.scenario.listed_in(*subject.relation))
                publications.push(publication);
    sort_unique(publications);
    return publications;
}

// How many members each judged publication has in each home, in their order.
struct MemberCounts {
    std::size_t homes;
    Array<std::size_t> counts;

    std::span<const std::size_t> of(std::size_t publication) const
    {
        return counts.view().subspan(publication * homes, homes);
    }
};

struct NumberedPublication {
    ::Oid oid;
    std::size_t number;
};

MemberCounts count_members(const Review &review)
{
    const Array<Home> &homes = review.question->homes.all;
    MemberCounts members{.homes = homes.count, .counts = {}};
    members.counts.resize(review.judged.count * homes.count);
    Array<NumberedPublication> judged;
    for (std::size_t number = 0; number < review.judged.count; number++)
        judged.push({.oid = review.judged[number]->oid, .number = number});
    std::sort(judged.begin(), judged.end(),
              [](const NumberedPublication &left, const NumberedPublication &right) {
                  return left.oid < right.oid;
              });
    for (const Subject &subject : review.all->items)
        for (std::size_t home = 0; home < homes.count; home++)
            if (homes[home].schema == subject.home())
                for (const ::Oid oid : review.scenario.listed_in(*subject.relation))
                    if (const auto *found = find_sorted(judged.view(), &NumberedPublication::oid, oid))
                        members.counts[found->number * homes.count + home]++;
    return members;
}

} // namespace

Array<const Publication *> judged_publications(const Review &review)
{
    const Question &question = *review.question;
    const bool is_named = question.publication[0] != '\0';
    Array<const Publication *> judged;
    if (!is_named && question.consumer == Consumer::lakehouse_sync)
        return judged;
    const Array<::Oid> listing = is_named ? Array<::Oid>{} : listing_publications(review);
    for (const Publication &publication : review.scenario.publications())
        if (is_named ? std::string_view(publication.name) == question.publication
                     : publication.is_for_all ||
                           std::binary_search(listing.begin(), listing.end(), publication.oid))
            judged.push(&publication);
    std::sort(judged.begin(), judged.end(), [](const Publication *left, const Publication *right) {
        return ::strcmp(left->name, right->name) < 0;
    });
    return judged;
}

Array<Choice> chosen_publications(const Review &review)
{
    struct Members {
        std::size_t here = 0;
        std::size_t all = 0;
    };
    const Array<Home> &homes = review.question->homes.all;
    Array<Choice> choices;
    Array<Members> most;
    for (const Home &home : homes) {
        choices.push({.home = home.schema, .publication = nullptr});
        most.push({});
    }
    const MemberCounts members = count_members(review);
    for (std::size_t number = 0; number < review.judged.count; number++) {
        const Publication *publication = review.judged[number];
        if (publication->for_all() != nullptr)
            continue;
        const std::span<const std::size_t> counts = members.of(number);
        std::size_t all = 0;
        for (const std::size_t count : counts)
            all += count;
        for (std::size_t index = 0; index < homes.count; index++) {
            if (publishes_schema(publication->oid, homes[index].schema))
                continue;
            const bool has_more =
                counts[index] != most[index].here ? counts[index] > most[index].here : all > most[index].all;
            if (choices[index].publication == nullptr || has_more) {
                choices[index].publication = publication;
                most[index] = {.here = counts[index], .all = all};
            }
        }
    }
    return choices;
}

} // namespace dj_deploy
