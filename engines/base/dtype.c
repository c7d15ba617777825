/* dtype.c - the number formats of model.h: their names and sizes. */
#include <assert.h>

#include "engines/model.h"

const char *zg_dtype_name(enum zg_dtype dtype)
{
    static const char *const names[ZG_N_DTYPES] = {"fp32", "bf16", "fp16", "int8"};
    assert(dtype >= 0 && dtype < ZG_N_DTYPES);
    return names[dtype];
}

int64_t zg_dtype_bytes(enum zg_dtype dtype)
{
    static const int64_t bytes[ZG_N_DTYPES] = {4, 2, 2, 1};
    assert(dtype >= 0 && dtype < ZG_N_DTYPES);
    return bytes[dtype];
}
