/* precision.c - dtypes and pairs of them as text, and the bounds that go with each. */
#include "harness/rows/precision.h"

#include <stdio.h>
#include <string.h>

#include "engines/base/nearest.h"

static int find(const char *name, size_t n)
{
    for (int d = 0; d < ZG_N_DTYPES; d++)
        if (strlen(zg_dtype_name((enum zg_dtype)d)) == n &&
            memcmp(zg_dtype_name((enum zg_dtype)d), name, n) == 0)
            return d;
    return -1;
}

/* Of a pair the first that is none is what the hint is for; it begins at `at`. */
static enum zg_status fail_dtypes(const char *what, const char *text, size_t at,
                                  struct zg_error *err)
{
    char one[16];
    snprintf(one, sizeof one, "%.*s", (int)strcspn(text + at, "+"), text + at);
    return zg_fail(err, ZG_USAGE,
                   "%s %s: must be one of fp32 bf16 int8, or two different ones of mean "
                   "and half difference, like bf16+int8%s",
                   what, *text ? text : "\"\"", zg_nearest_word(one, "fp32 bf16 int8").hint);
}

enum zg_status zg_dtypes_parse(const char *what, const char *text, enum zg_dtype *dtype,
                               enum zg_dtype *dtype_d, struct zg_error *err)
{
    const char *const plus = strchr(text, '+');
    const int m = find(text, plus ? (size_t)(plus - text) : strlen(text));
    const int d = plus ? find(plus + 1, strlen(plus + 1)) : m;
    if (m < 0 || d < 0 || (plus && m == d))
        return fail_dtypes(what, text, m < 0 ? 0 : plus ? (size_t)(plus - text) + 1 : 0, err);
    *dtype = (enum zg_dtype)m;
    *dtype_d = (enum zg_dtype)d;
    return ZG_OK;
}

const char *zg_dtypes_name(enum zg_dtype dtype, enum zg_dtype dtype_d)
{
    static const char *const names[ZG_N_DTYPES][ZG_N_DTYPES] = {
        [ZG_FP32] = {"fp32", "fp32+bf16", "fp32+fp16", "fp32+int8"},
        [ZG_BF16] = {"bf16+fp32", "bf16", "bf16+fp16", "bf16+int8"},
        [ZG_FP16] = {"fp16+fp32", "fp16+bf16", "fp16", "fp16+int8"},
        [ZG_INT8] = {"int8+fp32", "int8+bf16", "int8+fp16", "int8"},
    };
    return names[dtype][dtype_d];
}

double zg_dtype_rounding(enum zg_dtype dtype)
{
    static const double roundings[ZG_N_DTYPES] = {
        [ZG_FP32] = 0x1p-24,
        [ZG_BF16] = 0x1p-8,
        [ZG_FP16] = 0x1p-11,
        [ZG_INT8] = 1.0 / 254,
    };
    return roundings[dtype];
}

enum zg_dtype zg_dtype_coarser(enum zg_dtype a, enum zg_dtype b)
{
    return zg_dtype_rounding(a) < zg_dtype_rounding(b) ? b : a;
}

enum zg_dtype zg_dtypes_coarsest(const char *text)
{
    enum zg_dtype dtype = ZG_FP32, dtype_d = ZG_FP32;
    zg_dtypes_parse("dtype", text ? text : "", &dtype, &dtype_d, NULL);
    return zg_dtype_coarser(dtype, dtype_d);
}

double zg_loss_tolerance(enum zg_dtype coarsest)
{
    return coarsest == ZG_FP32 ? 1e-5 : coarsest == ZG_INT8 ? 1e-1 : 2e-2;
}

static bool has_int8(enum zg_dtype dtype, enum zg_dtype dtype_d)
{
    return dtype == ZG_INT8 || dtype_d == ZG_INT8;
}

double zg_fidelity_rms_bound(enum zg_dtype dtype, enum zg_dtype dtype_d)
{
    return !has_int8(dtype, dtype_d) ? 1.5e-2 : dtype != dtype_d ? 2.5e-2 : 6e-2;
}

double zg_fidelity_sign_bound(enum zg_dtype dtype, enum zg_dtype dtype_d)
{
    return !has_int8(dtype, dtype_d) ? 0.995 : dtype != dtype_d ? 0.99 : 0.98;
}
