/*
 * simd.h - a vector of floats in the compilers' vector extension, as wide as the including file
 * says, and exp() on it: what the kernels of the runtime and of the loop are written in.
 *
 * Parameter: VEC_BYTES, 16, 32 or 64, the width of the ISA that the file is compiled for.
 * Only the kernels' ISA files include this: all is static inline, so no symbol of a wide ISA leaks
 * elsewhere.  GEMM kernels need single instructions by name and have their own (fused/vec_*.h).
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES ((int64_t)(VEC_BYTES / sizeof(float)))

typedef float vec __attribute__((vector_size(VEC_BYTES)));
typedef int32_t ivec __attribute__((vector_size(VEC_BYTES)));
typedef uint32_t uvec __attribute__((vector_size(VEC_BYTES)));

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
    return a - (vec){0}; /* exact for -0, so it folds to a broadcast */
}

/* a where the mask, as comparisons give it, is all ones; b where it is 0. */
static inline vec vec_select(ivec mask, vec a, vec b)
{
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

/* True in lanes 0 .. n - 1. */
static inline ivec vec_first(int64_t n)
{
    static const int32_t index[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    ivec lane;
    memcpy(&lane, index, sizeof lane);
    return lane < (int32_t)n;
}

static inline vec vec_max(vec a, vec b)
{
    return vec_select(a > b, a, b);
}

/* Lanes of v with index bits flipped: v[i ^ 1], v[i ^ 2], ...  GCC has had __builtin_shuffle for
 * longest, clang knows only __builtin_shufflevector. */
#ifdef __clang__
#define VEC_SHUFFLE(v, ...) __builtin_shufflevector(v, v, __VA_ARGS__)
#else
#define VEC_SHUFFLE(v, ...) __builtin_shuffle(v, (ivec){__VA_ARGS__})
#endif
#if VEC_BYTES == 16
#define VEC_FLIPS(v, combine)                                                                      \
    v = combine(v, VEC_SHUFFLE(v, 2, 3, 0, 1));                                                    \
    v = combine(v, VEC_SHUFFLE(v, 1, 0, 3, 2))
#elif VEC_BYTES == 32
#define VEC_FLIPS(v, combine)                                                                      \
    v = combine(v, VEC_SHUFFLE(v, 4, 5, 6, 7, 0, 1, 2, 3));                                        \
    v = combine(v, VEC_SHUFFLE(v, 2, 3, 0, 1, 6, 7, 4, 5));                                        \
    v = combine(v, VEC_SHUFFLE(v, 1, 0, 3, 2, 5, 4, 7, 6))
#else
#define VEC_FLIPS(v, combine)                                                                      \
    v = combine(v, VEC_SHUFFLE(v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));          \
    v = combine(v, VEC_SHUFFLE(v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));          \
    v = combine(v, VEC_SHUFFLE(v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));          \
    v = combine(v, VEC_SHUFFLE(v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14))
#endif

static inline vec vec_add(vec a, vec b)
{
    return a + b;
}

/* Across lanes by a tree: log2(LANES) roundings. */
static inline float vec_sum(vec v)
{
    VEC_FLIPS(v, vec_add);
    return v[0];
}

static inline float vec_max_lane(vec v)
{
    VEC_FLIPS(v, vec_max);
    return v[0];
}

/*
 * exp(x) for x <= 88: x = n ln2 + r, |r| <= ln2 / 2; exp(r) by its Taylor polynomial of degree 6,
 * whose next term is (ln2 / 2)^7 / 7! = 1.2e-7 of 1, half a unit in the last place; times 2^n
 * through the exponent bits.  Below -87 the result stays at exp(-87), about 1.6e-38, instead of
 * becoming a denormal; NaN stays NaN.
 */
static inline vec vec_exp(vec x)
{
    const float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    /* 1.5 * 2^23: adding it leaves no fraction bits, so this rounds to nearest without a special
     * instruction. */
    const float magic = 12582912.0f;
    x = vec_select(x < -87.0f, vec_splat(-87.0f), x);
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
    /* The low bits of `shifted` hold n as an integer; the shift pushes all of magic's out. */
    return p * (vec)(((uvec)shifted << 23) + 0x3f800000u);
}
