// The rows of a set-returning function, collected in a tuplestore: beyond work_mem they go to disk.
#pragma once

#include "pg/query.hpp"

namespace dj_deploy {

// A value of a row; none is NULL. One of a query's row is as long there as the row.
struct Cell {
    ::Datum value;
    bool is_null;

    static Cell of(const Row &row, int column)
    {
        Cell cell{};
        cell.value = ::SPI_getbinval(row.tuple, row.descriptor, column, &cell.is_null);
        return cell;
    }
    static Cell none() { return {.value = 0, .is_null = true}; }
    static Cell text(const char *text)
    {
        return text == nullptr ? none() : Cell{.value = CStringGetTextDatum(text), .is_null = false};
    }
    static Cell texts(std::span<const char *const> texts)
    {
        return {.value = Parameter(texts).value, .is_null = false};
    }
    static Cell boolean(bool value) { return {.value = BoolGetDatum(value), .is_null = false}; }
    static Cell bigint(std::int64_t number) { return {.value = Int64GetDatum(number), .is_null = false}; }
    // As text; null for none.
    static Cell interval(const char *text)
    {
        return text == nullptr
                   ? none()
                   : Cell{.value = DirectFunctionCall3(::interval_in, CStringGetDatum(text),
                                                       ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)),
                          .is_null = false};
    }
    static Cell timestamp(::TimestampTz time)
    {
        return {.value = TimestampTzGetDatum(time), .is_null = false};
    }
};

struct Rows {
    ::ReturnSetInfo *result;

    // 0A000 where the caller cannot take a set.
    static Rows start(::FunctionCallInfo call);

    // A cell for each column that the SQL declaration names.
    void add(std::span<const Cell> cells) const;

    // Adds what the query returns; its columns are those of the SQL declaration, in type and order.
    template <std::convertible_to<Parameter>... Values>
    void add_query(const char *sql, Values... values) const
    {
        const std::array<Parameter, sizeof...(Values)> parameters{Parameter(values)...};
        add_result(sql, parameters);
    }

private:
    void add_result(const char *sql, std::span<const Parameter> parameters) const;
};

} // namespace dj_deploy
