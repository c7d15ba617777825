/*
 * simd.h - a vector of floats in the compilers' vector extension, as wide as the including file says.
 *
 * Parameter: VEC_BYTES, 16, 32 or 64, the width of the ISA that the file is compiled for.
 * Only the kernels' ISA files include this: all is static inline, so no symbol of a wide ISA leaks elsewhere.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES ((int64_t)(VEC_BYTES / sizeof(float)))

typedef float vec __attribute__((vector_size(VEC_BYTES)));
typedef int32_t ivec __attribute__((vector_size(VEC_BYTES)));

static inline vec vec_load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void vec_store(float *p, vec v)
{
    memcpy(p, &v, sizeof v);
}

static inline vec vec_splat(float a)
{
    return (vec){0} + a;
}

static inline vec vec_select(ivec mask, vec a, vec b)
{
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

static inline vec vec_max(vec a, vec b)
{
    return vec_select(a > b, a, b);
}

/* Across lanes in double: the lanes' sums are rounded no further. */
static inline double vec_sum(vec v)
{
    double sum = 0.0;
    for (int i = 0; i < (int)LANES; i++)
        sum += (double)v[i];
    return sum;
}

static inline float vec_max_lane(vec v)
{
    float max = v[0];
    for (int i = 1; i < (int)LANES; i++)
        max = v[i] > max ? v[i] : max;
    return max;
}

/*
 * exp(x) for x <= 88: x = n ln2 + r, |r| <= ln2 / 2; exp(r) by its Taylor polynomial of degree 6, whose next term
 * is (ln2 / 2)^7 / 7! = 1.2e-7 of 1, half a unit in the last place; times 2^n through the exponent bits.
 * Below -87 the result stays at exp(-87), about 1.6e-38, instead of becoming a denormal; NaN stays NaN.
 */
static inline vec vec_exp(vec x)
{
    const float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f,
                magic = 12582912.0f; /* 1.5 * 2^23 */
    x = vec_select(x < -87.0f, vec_splat(-87.0f), x);
    /* Adding 1.5 * 2^23 leaves no fraction bits, so this rounds to nearest without a special instruction. */
    const vec shifted = x * 1.44269504f + magic;
    const vec n = shifted - magic;
    const vec r = (x - n * ln2_high) - n * ln2_low;
    vec p = vec_splat(1.0f / 720.0f);
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    /* The low bits of `shifted` hold n as an integer. */
    const ivec exponent = (((ivec)shifted - (ivec)vec_splat(magic)) + 127) << 23;
    return p * (vec)exponent;
}
