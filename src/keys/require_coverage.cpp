// "require_coverage": true: a schema that DataJoint has declared and that the document does not cover is a
// difference; without it a NOTICE. An entry covers a schema, also an empty one, and so does a pattern.
#include "catalog/schemas.hpp"
#include "environment/description.hpp"
#include "environment/draft.hpp"
#include "plan/name_list.hpp"

namespace dj_deploy {

namespace {

struct RequireCoverage {
    static constexpr const char *name = "require_coverage";
    static constexpr std::array levels = {Level::document};
    static constexpr int turn = 0; // what it says comes before what it says of tables

    bool is_required;

    static RequireCoverage read(const Path &path, const JsonValue &json, Level)
    {
        return {.is_required = require_boolean(path, json)};
    }
    ::JsonbValue write() const { return make_boolean(is_required); }
    static void plan(Draft &draft);
    static void describe(Description &) {} // a rule for this document, not a state of the database
};

Array<const char *> find_uncovered(const ResolvedEnvironment &resolved)
{
    Array<const char *> uncovered;
    for (const Schema &schema : read_user_schemas())
        if (!resolved.covers(schema.oid) && is_datajoint_schema(schema.oid))
            uncovered.push(schema.name);
    return uncovered;
}

void RequireCoverage::plan(Draft &draft)
{
    const Array<const char *> uncovered = find_uncovered(draft.resolved);
    if (uncovered.is_empty())
        return;
    if (const auto *said = draft.environment.settings.find<RequireCoverage>();
        said != nullptr && said->is_required) {
        draft.uncovered = uncovered;
        return;
    }
    NameList names = NameList::empty();
    for (const char *schema : uncovered)
        names.add(schema);
    const bool is_one = uncovered.count == 1;
    draft.notices.push(
        {.level = NOTICE,
         .message = ::psprintf("the environment does not cover %s %s", is_one ? "schema" : "schemas",
                               names.finish()),
         .detail = is_one ? "DataJoint has declared it, and neither an entry nor a pattern is about it."
                          : "DataJoint has declared them, and neither entries nor patterns are about them.",
         .hint =
             "An entry covers a schema, also an empty one. With \"require_coverage\": true, a schema that is "
             "not covered is a difference."});
}

} // namespace

} // namespace dj_deploy

DJ_DEPLOY_KEY(dj_deploy::RequireCoverage);
