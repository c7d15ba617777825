/*
 * gemm_paired_int8_portable.c - int8 weights: 6 rows x 2 vectors of 4, the pairs of int16 products
 * taken apart into int32 lanes.
 */
#include <assert.h>
#include <string.h>

#include "engines/fused/kernels.h"
#include "engines/fused/unroll.h"
#include "engines/fused/vec_portable.h"

#define MR   6
#define NV   2
#define NAME zg_gemm_paired_int8_portable

typedef int32_t sums __attribute__((vector_size(16)));

ALWAYS_INLINE sums sums_zero(void)
{
    return (sums){0, 0, 0, 0};
}
ALWAYS_INLINE sums sums_load(const uint32_t *p)
{
    sums a;
    memcpy(&a, p, sizeof a);
    return a;
}
/* Sign extension by an arithmetic shift, which GCC and Clang promise for signed numbers; to the
 * left, numbers are unsigned. */
ALWAYS_INLINE sums sums_load_even(const uint32_t *p)
{
    const words a = (words)sums_load(p);
    const words first = (words)((sums)(a << 24) >> 24), third = (words)((sums)(a << 8) >> 24);
    return (sums)((first & 0xffffu) | third << 16);
}
ALWAYS_INLINE sums sums_load_odd(const uint32_t *p)
{
    const words a = (words)sums_load(p);
    const words second = (words)((sums)(a << 16) >> 24), fourth = (words)((sums)a >> 24);
    return (sums)((second & 0xffffu) | fourth << 16);
}
ALWAYS_INLINE sums sums_broadcast(const uint32_t *p)
{
    int32_t word;
    memcpy(&word, p, sizeof word);
    return (sums){word, word, word, word};
}
ALWAYS_INLINE sums sums_add_products(sums a, sums b, sums c)
{
    const sums a_low = (sums)((words)a << 16) >> 16, b_low = (sums)((words)b << 16) >> 16;
    return c + a_low * b_low + (a >> 16) * (b >> 16);
}
ALWAYS_INLINE vec sums_to_float(sums a)
{
    return (vec){(float)a[0], (float)a[1], (float)a[2], (float)a[3]};
}

#include "engines/fused/gemm_paired_int8_wide_template.h"
