// Faults that script/test-sanitizers must report: a read of memory whose context was reset, and
// undefined behaviour.
#include "pg/postgres.hpp"

extern "C" {
PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(read_after_reset);
PG_FUNCTION_INFO_V1(shift_too_far);

PGDLLEXPORT Datum read_after_reset(PG_FUNCTION_ARGS)
{
    MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "short life", ALLOCSET_DEFAULT_SIZES);
    const char *text = ::MemoryContextStrdup(context, "text");

    (void)fcinfo;
    ::MemoryContextReset(context);
    PG_RETURN_INT32(text[0]);
}

PGDLLEXPORT Datum shift_too_far(PG_FUNCTION_ARGS)
{
    PG_RETURN_INT32(1 << (PG_GETARG_INT32(0) + 32));
}
}
