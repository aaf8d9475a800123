// One statement for each option, so that each has its own place in the plan.
#include "planners/publication_options.hpp"

#include "plan/quote.hpp"
#include "planners/publication_membership.hpp"

namespace dj_deploy {

namespace {

Publication overlay(Publication options, const PublicationSettings &settings)
{
    if (settings.has_publish)
        options = with_operations(options, settings.options);
    if (settings.has_via_root)
        options.is_via_root = settings.options.is_via_root;
    if (settings.has_generated)
        options.has_generated = settings.options.has_generated;
    return options;
}

// An option as its value stands in a statement.
struct OptionText {
    const char *name;
    const char *value;
};

std::array<OptionText, 3> texts(const Publication &options)
{
    return {{{"publish", ::psprintf("'%s'", operations_of(options))},
             {"publish_via_partition_root", options.is_via_root ? "true" : "false"},
             {"publish_generated_columns", options.has_generated ? "stored" : "none"}}};
}

About about_publication(const char *name)
{
    return {.object = ::psprintf("PUBLICATION %s", identifier(name))};
}

void plan_new(const PublicationSettings &settings, const Publication &wanted, Plan &plan)
{
    const std::array<OptionText, 3> given = texts(wanted);
    ::StringInfoData options;
    ::initStringInfo(&options);
    if (settings.has_publish)
        ::appendStringInfo(&options, "publish = %s, ", given[0].value);
    ::appendStringInfo(&options, "publish_via_partition_root = %s", given[1].value);
    if (settings.has_generated)
        ::appendStringInfo(&options, ", publish_generated_columns = %s", given[2].value);
    Effect effect{.about = about_publication(settings.name),
                  .property = "publication",
                  .old_value = nullptr,
                  .new_value = ::psprintf("%s", options.data)};
    effect.add_undo({.before = ::psprintf("DROP PUBLICATION %s", identifier(settings.name)), .after = ""});
    plan_new_publication(settings.name, ::psprintf("WITH (%s)", options.data), keep_value(effect), plan);
}

// The operations that both publish.
Publication common_operations(Publication options, const Publication &other)
{
    for (const auto &[name, is_published] : publication_operations)
        options.*is_published &= other.*is_published;
    return options;
}

struct OptionChange {
    OptionText from;
    OptionText to;
    int phase;
};

void plan_change(const char *name, const OptionChange &change, Plan &plan, const char *since = nullptr,
                 bool is_intermediate = false)
{
    const auto statement = [&](const OptionText &option) {
        return ::psprintf("ALTER PUBLICATION %s SET (%s = %s)", identifier(name), option.name, option.value);
    };
    const auto bare = [](const char *value) {
        const std::string_view text = value;
        return text.front() == '\'' ? ::pnstrdup(text.data() + 1, text.size() - 2) : value;
    };
    Effect effect{.about = about_publication(name),
                  .property = change.to.name,
                  .old_value = bare(change.from.value),
                  .new_value = bare(change.to.value),
                  .since = since != nullptr ? bare(since) : nullptr,
                  .is_intermediate = is_intermediate};
    effect.add_undo({.before = statement(change.from), .after = ""});
    plan.changes.push({.table = nullptr,
                       .before = statement(change.to),
                       .after = "",
                       .kind = &option_change,
                       .phase = change.phase,
                       .effect = keep_value(effect)});
}

// First without the operations that go, at the end with those that come.
void plan_operations(const char *name, const OptionText &is, const OptionText &common,
                     const OptionText &wanted, Plan &plan)
{
    const auto are_same = [](const OptionText &left, const OptionText &right) {
        return std::string_view(left.value) == right.value;
    };
    const bool has_both = !are_same(is, common) && !are_same(common, wanted);
    if (!are_same(is, common))
        plan_change(name, {is, common, less_phase}, plan, nullptr, has_both);
    if (!are_same(common, wanted))
        plan_change(name, {common, wanted, more_phase}, plan, has_both ? is.value : nullptr);
}

} // namespace

PlannedPublication plan_publication_options(const PublicationSettings &settings, ::Oid number, Plan &plan)
{
    const std::optional<Publication> found = read_publication(settings.name);
    const bool exists = found.has_value();
    Publication current = found.value_or(Publication{});
    plan.names.push({.catalog = PublicationRelationId, .oid = current.oid, .name = settings.name});
    if (!exists)
        current = publication_to_make(number, settings.name);
    const Publication wanted = overlay(current, settings);
    PlannedPublication planned{.publication = wanted, .is_new = !exists, .is_changed = false};
    if (!exists) {
        plan_new(settings, wanted, plan);
        return planned;
    }
    const std::size_t before = plan.changes.count;
    const auto [publish, via_root, columns] = texts(current);
    const auto [asked_publish, asked_via_root, asked_columns] = texts(wanted);
    plan_operations(settings.name, publish, texts(common_operations(current, wanted))[0], asked_publish,
                    plan);
    if (current.is_via_root != wanted.is_via_root)
        plan_change(settings.name, {via_root, asked_via_root, more_phase}, plan);
    // With more columns published no write fails that does not fail without.
    if (current.has_generated != wanted.has_generated)
        plan_change(settings.name, {columns, asked_columns, wanted.has_generated ? less_phase : more_phase},
                    plan);
    planned.is_changed = plan.changes.count > before;
    if (planned.is_changed && !is_owned(current))
        plan.deny({.one = "must be owner of publication",
                   .many = "must be owner of publications",
                   .name = settings.name});
    return planned;
}

} // namespace dj_deploy
