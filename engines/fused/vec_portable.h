/*
 * vec_portable.h - the vector that the kernel templates are written in, 4 floats, for any
 * machine.
 *
 * GCC's and Clang's vector extension becomes SSE2 on x86-64, NEON on Arm and plain floats
 * elsewhere.  Product and sum are rounded apart, since the baseline of x86-64 has no FMA.
 */
#ifndef ZG_FUSED_VEC_PORTABLE_H
#define ZG_FUSED_VEC_PORTABLE_H

#include <stdint.h>
#include <string.h>

#define VEC_WIDTH 4

typedef float vec __attribute__((vector_size(16)));
typedef uint32_t words __attribute__((vector_size(16)));

static inline vec vec_zero(void)
{
    return (vec){0.0f, 0.0f, 0.0f, 0.0f};
}
static inline vec vec_load(const float *p)
{
    vec a;
    memcpy(&a, p, sizeof a); /* any alignment */
    return a;
}
static inline vec vec_pin(vec a)
{
    return a;
} /* see vec_avx2.h; no need without FMA */
static inline vec vec_broadcast(const float *p)
{
    return (vec){*p, *p, *p, *p};
}
/* The first and the second of each lane's pair of bf16 numbers. */
static inline vec vec_load_bf16_first(const uint32_t *p)
{
    words a;
    memcpy(&a, p, sizeof a);
    return (vec)(a << 16);
}
static inline vec vec_load_bf16_second(const uint32_t *p)
{
    words a;
    memcpy(&a, p, sizeof a);
    return (vec)(a & 0xffff0000u);
}
static inline vec vec_fmadd(vec a, vec b, vec c)
{
    return a * b + c;
}
static inline vec vec_mul(vec a, vec b)
{
    return a * b;
}
static inline vec vec_add(vec a, vec b)
{
    return a + b;
}
static inline vec vec_relu(vec a)
{
    for (int i = 0; i < VEC_WIDTH; i++)
        a[i] = a[i] < 0.0f ? 0.0f : a[i]; /* NaN gets through */
    return a;
}
static inline void vec_store(float *p, vec a)
{
    memcpy(p, &a, sizeof a);
}
static inline float vec_sum(vec a)
{
    return (a[0] + a[2]) + (a[1] + a[3]);
}

/* The first n lanes; the others read as 0 and are not touched in memory.  n may be outside of
 * 0..4. */
static inline vec vec_load_part(const float *p, int64_t n)
{
    vec a = vec_zero();
    for (int i = 0; i < VEC_WIDTH && i < n; i++)
        a[i] = p[i];
    return a;
}
static inline void vec_store_part(float *p, vec a, int64_t n)
{
    for (int i = 0; i < VEC_WIDTH && i < n; i++)
        p[i] = a[i];
}

#endif
