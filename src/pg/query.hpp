// Catalog queries through SPI, read only. They see the newest committed state even in a REPEATABLE READ
// transaction, as DDL does, and only pg_catalog's functions and operators whatever the caller's search_path.
#pragma once

#include "pg/array.hpp"
#include "pg/settings.hpp"

namespace dj_deploy {

// One value for a query's $n.
struct Parameter {
    ::Oid type;
    ::Datum value;
    std::size_t count = 1; // of the values, in an array

    Parameter(bool value) : type(BOOLOID), value(BoolGetDatum(value)) {}
    Parameter(std::int32_t value) : type(INT4OID), value(Int32GetDatum(value)) {}
    Parameter(::Oid value) : type(OIDOID), value(ObjectIdGetDatum(value)) {}
    Parameter(const char *text) : type(TEXTOID), value(CStringGetTextDatum(text)) {}
    Parameter(std::span<const ::Oid> values);
    Parameter(std::span<const std::int32_t> values);
    Parameter(std::span<const char *const> values);
};

// One row of a result; columns count from 1. What a getter returns lives in the caller's memory context. A
// getter is for one type, and of a column that may be NULL it returns an optional or a null pointer: for a
// column of another type, or a NULL that the getter does not provide for, it raises an internal error.
struct Row {
    ::HeapTuple tuple;
    ::TupleDesc descriptor;

    bool boolean(int column) const { return DatumGetBool(value(column, BOOLOID)); }
    std::int32_t integer(int column) const { return DatumGetInt32(value(column, INT4OID)); }
    std::int64_t bigint(int column) const { return DatumGetInt64(value(column, INT8OID)); }
    double real(int column) const { return DatumGetFloat8(value(column, FLOAT8OID)); }
    ::Oid oid(int column) const { return DatumGetObjectId(value(column, OIDOID)); }
    std::optional<double> optional_real(int column) const;
    std::optional<std::int32_t> optional_integer(int column) const;
    std::optional<std::int64_t> optional_bigint(int column) const;
    std::optional<::TimestampTz> optional_timestamp(int column) const;
    const char *name(int column) const;            // null when NULL
    const char *string(int column) const;          // null when NULL
    Array<const char *> strings(int column) const; // of a text[], without its NULLs; empty when NULL
    Array<double> reals(int column) const;         // of a float8[], NULLs as 0; empty when NULL
    ::Datum copy(int column, ::Oid type) const;    // of a varlena

private:
    std::optional<::Datum> optional_value(int column, ::Oid type) const;
    ::Datum value(int column, ::Oid type) const;
};

// Executes a query, read only; the rows stay in SPI_tuptable, or go to the receiver.
void execute_query(const char *sql, std::span<const Parameter> parameters,
                   ::DestReceiver *receiver = nullptr);

// Connects to SPI, runs step, and finishes; on error the abort finishes.
template <class Step>
void with_spi(Step &&step)
{
    ::SPI_connect();
    step();
    ::SPI_finish();
}

// Calls execute(parameters), which leaves rows in SPI_tuptable, and on_row(Row) for each of them, in the
// caller's memory context.
template <class Execute, class OnRow, std::convertible_to<Parameter>... Values>
void for_each_row(Execute &&execute, OnRow &&on_row, Values... values)
{
    const ::MemoryContext caller = ::CurrentMemoryContext;
    const std::array<Parameter, sizeof...(Values)> parameters{Parameter(values)...};

    with_spi([&] {
        execute(parameters);
        ::MemoryContextSwitchTo(caller);
        for (std::uint64_t index = 0; index < SPI_tuptable->numvals; index++)
            on_row(Row{SPI_tuptable->vals[index], SPI_tuptable->tupdesc});
    });
}

// Calls on_row(Row) for each row of the query, in the caller's memory context.
template <class OnRow, std::convertible_to<Parameter>... Values>
void query(const char *sql, OnRow &&on_row, Values... values)
{
    for_each_row([&](std::span<const Parameter> parameters) { execute_query(sql, parameters); }, on_row,
                 values...);
}

} // namespace dj_deploy
