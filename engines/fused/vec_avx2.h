/* vec_avx2.h - the vector that the kernel templates are written in, 8 floats in a ymm register
 * (AVX2 and FMA). */
#ifndef ZG_FUSED_VEC_AVX2_H
#define ZG_FUSED_VEC_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#define VEC_WIDTH 8

typedef __m256 vec;

/* All bits set in lanes 0 .. n-1; n may be outside of 0..8. */
static inline __m256i vec_mask(int64_t n)
{
    const int limit = n >= VEC_WIDTH ? VEC_WIDTH : n <= 0 ? 0 : (int)n;
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(limit), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vec vec_zero(void)
{
    return _mm256_setzero_ps();
}
static inline vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
/* Keeps a loaded vector in a register: GCC would rather load it again in every FMA that uses it. */
static inline vec vec_pin(vec a)
{
    __asm__("" : "+x"(a));
    return a;
}
static inline vec vec_broadcast(const float *p)
{
    return _mm256_broadcast_ss(p);
}
/* The first and the second of each lane's pair of bf16 numbers. */
static inline vec vec_load_bf16_first(const uint32_t *p)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_loadu_si256((const __m256i *)p), 16));
}
static inline vec vec_load_bf16_second(const uint32_t *p)
{
    const __m256i upper = _mm256_set1_epi32(-65536);
    return _mm256_castsi256_ps(_mm256_and_si256(_mm256_loadu_si256((const __m256i *)p), upper));
}
/* a * b + c with the sum in c's register.  The intrinsic also lets GCC put it into a's, which
 * moves accumulators about until one lives in memory: as long a chain as the whole loop. */
static inline vec vec_fmadd(vec a, vec b, vec c)
{
    __asm__("vfmadd231ps %2, %1, %0" : "+x"(c) : "x"(a), "x"(b));
    return c;
}
static inline vec vec_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}
static inline vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}
/* The operands' order matters: max gives the second where one is NaN, and a NaN must get through.
 */
static inline vec vec_relu(vec a)
{
    return _mm256_max_ps(_mm256_setzero_ps(), a);
}
static inline void vec_store(float *p, vec a)
{
    _mm256_storeu_ps(p, a);
}
static inline float vec_sum(vec a)
{
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* The first n lanes; the others read as 0 and are not touched in memory. */
static inline vec vec_load_part(const float *p, int64_t n)
{
    return _mm256_maskload_ps(p, vec_mask(n));
}
static inline void vec_store_part(float *p, vec a, int64_t n)
{
    _mm256_maskstore_ps(p, vec_mask(n), a);
}

#endif
