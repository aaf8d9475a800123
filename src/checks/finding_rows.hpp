// The rows of check_cdc: what the checks find, put together where one statement mends it or where it is the
// same.
#pragma once

#include "checks/check.hpp"

namespace dj_deploy {

struct ReportRow {
    char severity;      // 'e', 'w' or 'i'
    std::size_t number; // of the check, in the order of the families
    std::size_t place;  // among its rows, in the order in which their remedies were judged
    const char *check;
    About about;
    const char *finding;
    const char *remedy; // null where there is none
};

// What the checks that are no queries find, in the order in which a person reads it.
Array<ReportRow> report_findings(const Review &review);

// By severity, check and place.
void sort_rows(Array<ReportRow> &rows);

// The number of a check.
std::size_t number_of(const Check &check);

} // namespace dj_deploy
