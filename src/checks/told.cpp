// By the checks of tables and publications; those of the server know no scenario.
#include "checks/told.hpp"

namespace dj_deploy {

namespace {

constexpr std::array affected_families = std::to_array<const std::span<const Check> *>(
    {&identity_checks, &partition_checks, &write_checks, &publication_checks, &membership_checks,
     &storage_checks, &column_checks});

bool is_before(const Told &left, const Told &right)
{
    if (left.check != right.check)
        return left.check < right.check;
    const int order = ::strcmp(left.finding.object, right.finding.object);
    return order != 0 ? order < 0 : left.finding.publication < right.finding.publication;
}

} // namespace

Array<Told> find_all(const Review &review, const char *severities)
{
    Array<Told> told;
    for (const std::span<const Check> *family : affected_families)
        for (const Check &check : *family) {
            if (::strchr(severities, check.severity(review.question->consumer)) == nullptr)
                continue;
            Findings found{};
            check.find(review, found);
            for (const Finding &finding : found.items)
                told.push({.check = &check, .finding = finding});
        }
    std::sort(told.begin(), told.end(), is_before);
    return told;
}

bool is_known(const Array<Told> &known, const Told &told)
{
    return std::binary_search(known.begin(), known.end(), told, is_before);
}

} // namespace dj_deploy
