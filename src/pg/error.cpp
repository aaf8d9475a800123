// An error of this process names its place in the source by literals; one that came from another process
// owns every string.
#include "pg/error.hpp"

namespace dj_deploy {

namespace {

constexpr std::array strings = {
    &::ErrorData::message,       &::ErrorData::detail,          &::ErrorData::detail_log,
    &::ErrorData::hint,          &::ErrorData::context,         &::ErrorData::backtrace,
    &::ErrorData::schema_name,   &::ErrorData::table_name,      &::ErrorData::column_name,
    &::ErrorData::datatype_name, &::ErrorData::constraint_name, &::ErrorData::internalquery,
};

constexpr std::array literals = {
    &::ErrorData::filename,       &::ErrorData::funcname,   &::ErrorData::domain,
    &::ErrorData::context_domain, &::ErrorData::message_id,
};

template <class Members>
void copy_members(::ErrorData &error, const Members &members)
{
    for (const auto member : members)
        if (error.*member != nullptr)
            error.*member = ::pstrdup(error.*member);
}

} // namespace

::ErrorData *copy_whole(const ::ErrorData &error)
{
    auto *copied = static_cast<::ErrorData *>(::palloc(sizeof(::ErrorData)));
    *copied = error;
    copied->assoc_context = ::CurrentMemoryContext;
    copy_members(*copied, strings);
    copy_members(*copied, literals);
    return copied;
}

} // namespace dj_deploy
