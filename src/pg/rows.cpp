// Rows go from the executor into the tuplestore one by one; no query result is held in memory.
#include "pg/rows.hpp"

namespace dj_deploy {

Rows Rows::start(::FunctionCallInfo call)
{
    ::InitMaterializedSRF(call, 0);
    return {.result = reinterpret_cast<::ReturnSetInfo *>(call->resultinfo)};
}

void Rows::add(std::span<const Cell> cells) const
{
    if (static_cast<int>(cells.size()) != result->setDesc->natts)
        elog(ERROR, "%zu cells for %d columns", cells.size(), result->setDesc->natts);
    Array<::Datum> values;
    Array<bool> nulls;
    for (const Cell &cell : cells) {
        values.push(cell.value);
        nulls.push(cell.is_null);
    }
    ::tuplestore_putvalues(result->setResult, result->setDesc, values.items, nulls.items);
    ::pfree(values.items);
    ::pfree(nulls.items);
}

void Rows::add_result(const char *sql, std::span<const Parameter> parameters) const
{
    ::DestReceiver *receiver = ::CreateDestReceiver(::DestTuplestore);
    ::SetTuplestoreDestReceiverParams(receiver, result->setResult, ::CurrentMemoryContext, false,
                                      result->setDesc, "the columns of a report are not as declared");
    with_spi([&] { execute_query(sql, parameters, receiver); });
}

} // namespace dj_deploy
