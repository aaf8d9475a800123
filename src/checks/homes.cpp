// In messages and statements schemas stand in the order of their names.
#include "checks/homes.hpp"

#include "plan/quote.hpp"

namespace dj_deploy {

namespace {

const char *joined(const Array<Home> &homes, const char *(*quoted)(const char *))
{
    ::StringInfoData text;
    ::initStringInfo(&text);
    for (const Home &home : homes)
        ::appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", quoted(home.name));
    return text.data;
}

} // namespace

Homes Homes::of(const NamedTarget &named)
{
    Homes homes{};
    for (const char *name : named.schemas)
        homes.all.push({.schema = resolve_schema(name, Nameable::schemas), .name = name});
    std::sort(homes.all.begin(), homes.all.end(),
              [](const Home &left, const Home &right) { return ::strcmp(left.name, right.name) < 0; });
    const auto is_same = [](const Home &left, const Home &right) { return left.schema == right.schema; };
    homes.all.count = std::unique(homes.all.begin(), homes.all.end(), is_same) - homes.all.begin();
    return homes;
}

bool Homes::has(::Oid schema) const
{
    return std::any_of(all.begin(), all.end(), [&](const Home &home) { return home.schema == schema; });
}

Target Homes::target() const
{
    Target target{};
    for (const Home &home : all)
        target.schemas.push(home.schema);
    std::sort(target.schemas.begin(), target.schemas.end());
    return target;
}

About Homes::about() const
{
    if (is_one())
        return {.schema = all[0].name};
    return {.object = ::psprintf("%zu schemas", all.count)};
}

const char *Homes::argument() const
{
    return is_one() ? literal(all[0].name) : ::psprintf("ARRAY[%s]", joined(all, literal));
}

const char *Homes::names() const
{
    return joined(all, shown_identifier);
}

} // namespace dj_deploy
