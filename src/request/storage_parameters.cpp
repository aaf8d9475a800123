// Names and values are checked by the server's own parser of storage parameters. It lists its names nowhere,
// so the hints come from a list of our own.
#include "request/storage_parameters.hpp"

#include "request/environment_path.hpp"
#include "request/nearest.hpp"
#include "request/shorten.hpp"

namespace dj_deploy {

namespace {

constexpr std::string_view toast_prefix = "toast.";
constexpr std::size_t longest_value = 100; // bytes
constexpr std::size_t most_parameters = 64;

// What hints name, where the server knows it.
constexpr std::array known_names = {
    "autovacuum_analyze_scale_factor",
    "autovacuum_analyze_threshold",
    "autovacuum_enabled",
    "autovacuum_freeze_max_age",
    "autovacuum_freeze_min_age",
    "autovacuum_freeze_table_age",
    "autovacuum_multixact_freeze_max_age",
    "autovacuum_multixact_freeze_min_age",
    "autovacuum_multixact_freeze_table_age",
    "autovacuum_parallel_workers",
    "autovacuum_vacuum_cost_delay",
    "autovacuum_vacuum_cost_limit",
    "autovacuum_vacuum_insert_scale_factor",
    "autovacuum_vacuum_insert_threshold",
    "autovacuum_vacuum_max_threshold",
    "autovacuum_vacuum_scale_factor",
    "autovacuum_vacuum_threshold",
    "log_autoanalyze_min_duration",
    "log_autovacuum_min_duration",
    "vacuum_index_cleanup",
    "vacuum_max_eager_freeze_failure_rate",
    "vacuum_truncate",
};

bool is_analyze_option(std::string_view option)
{
    return option.find("analyze") != option.npos;
}

// Whether this server has a storage parameter of that name: it knows which lock setting it takes.
bool is_known(const char *option)
{
    ::List *options = list_make1(::makeDefElem(::pstrdup(option), nullptr, -1));
    return ::AlterTableGetRelOptionsLockLevel(options) != NoLock;
}

} // namespace

bool is_vacuum_parameter(const char *option, bool is_toast)
{
    const std::string_view name = option;
    const bool is_analyze = is_analyze_option(name);
    const bool is_for_indexes = name == "vacuum_cleanup_index_scale_factor";
    return (name.find("vacuum") != name.npos || is_analyze) && !(is_toast && is_analyze) && !is_for_indexes &&
           is_known(option);
}

namespace {

// The nearest names of such parameters.
const char *near_names(std::string_view option, bool is_toast)
{
    Array<const char *> known;
    for (const char *name : known_names)
        if (is_vacuum_parameter(name, is_toast))
            known.push(name);
    return nearest_names(option, known.view(), is_toast ? toast_prefix.data() : "");
}

[[noreturn]] void raise_unknown(const StorageParameter &parameter, const char *prefix)
{
    const char *near = near_names(parameter.option, parameter.is_toast);
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("%sunrecognized parameter \"%s\"", prefix, shorten(parameter.name)),
            near != nullptr
                ? errhint("Perhaps you meant %s.", near)
                : errhint("Parameters are autovacuum_*, vacuum_*, and the same with \"toast.\" in front."));
    ::pg_unreachable();
}

// "name" or "toast.name"
StorageParameter named(const char *name)
{
    const bool is_toast = std::string_view(name).starts_with(toast_prefix);
    return {.name = name,
            .option = is_toast ? name + toast_prefix.size() : name,
            .is_toast = is_toast,
            .value = nullptr,
            .is_string = false,
            .parsed = nullptr};
}

::bytea *parse(bool is_toast, const char *name_and_value, bool is_strict)
{
    const ::Datum element = CStringGetTextDatum(name_and_value);
    ::Datum elements[] = {element};
    const ::Datum options = PointerGetDatum(::construct_array(elements, 1, TEXTOID, -1, false, TYPALIGN_INT));
    return ::heap_reloptions(is_toast ? RELKIND_TOASTVALUE : RELKIND_RELATION, options, is_strict);
}

const char *prefix_of(const char *path)
{
    return path != nullptr ? ::psprintf("invalid environment: %s: ", path) : "";
}

StorageParameter read_parameter(const JsonMember &member, const char *path)
{
    const char *prefix = prefix_of(path);
    StorageParameter parameter = named(member.key);
    if (!is_vacuum_parameter(parameter.option, parameter.is_toast))
        raise_unknown(parameter, prefix);
    if (member.value.is_null())
        return parameter;
    const char *value = member.value.text();
    if (value == nullptr)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%svalue of parameter \"%s\" must be a number, boolean, string or null; got an %s",
                       prefix, member.key, member.value.is_array() ? "array" : "object"));
    if (std::string_view(value).size() > longest_value)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%svalue of parameter \"%s\" is too long", prefix, member.key),
                errdetail("A value has at most %zu bytes.", longest_value));
    parameter.value = value;
    parameter.is_string = member.value.is_string();
    const auto parse_value = [&] {
        parameter.parsed = parse(parameter.is_toast, ::psprintf("%s=%s", parameter.option, value), true);
    };
    if (path != nullptr)
        with_place({path}, parse_value);
    else
        parse_value();
    return parameter;
}

} // namespace

Array<StorageParameter> read_storage_parameters(const JsonValue &object, const char *path)
{
    Array<StorageParameter> read;
    for (const JsonMember &member : members_of(object))
        read.push(read_parameter(member, path));
    if (read.count > most_parameters)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%smore than %zu parameters", prefix_of(path), most_parameters));
    return read;
}

bool read_option(const char *element, bool is_toast, StorageParameter &parameter)
{
    const char *sign = ::strchr(element, '=');
    if (sign == nullptr || std::string_view(sign + 1).size() > longest_value)
        return false;
    parameter = named(
        ::psprintf("%s%.*s", is_toast ? toast_prefix.data() : "", static_cast<int>(sign - element), element));
    if (!is_vacuum_parameter(parameter.option, is_toast))
        return false;
    parameter.value = sign + 1;
    parameter.is_string = true;
    parameter.parsed = parse(is_toast, element, false);
    return true;
}

bool has_same_meaning(const StorageParameter &parameter, const char *name_and_value)
{
    const ::bytea *current = parse(parameter.is_toast, name_and_value, false);
    return VARSIZE(current) == VARSIZE(parameter.parsed) &&
           ::memcmp(current, parameter.parsed, VARSIZE(current)) == 0;
}

} // namespace dj_deploy
