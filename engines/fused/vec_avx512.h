/* vec_avx512.h - the vector that the kernel templates are written in, 16 floats in a zmm
 * register. */
#ifndef ZG_FUSED_VEC_AVX512_H
#define ZG_FUSED_VEC_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#define VEC_WIDTH 16

typedef __m512 vec;

/* Lanes 0 .. n-1; n may be outside of 0..16. */
static inline __mmask16 vec_mask(int64_t n)
{
    return (__mmask16)(n >= VEC_WIDTH ? 0xffffu : n <= 0 ? 0u : (1u << n) - 1u);
}

static inline vec vec_zero(void)
{
    return _mm512_setzero_ps();
}
static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
/* Keeps a loaded vector in a register: GCC would rather load it again in every FMA that uses it. */
static inline vec vec_pin(vec a)
{
    __asm__("" : "+v"(a));
    return a;
}
static inline vec vec_broadcast(const float *p)
{
    return _mm512_set1_ps(*p);
}
/* The first and the second of each lane's pair of bf16 numbers. */
static inline vec vec_load_bf16_first(const uint32_t *p)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
}
static inline vec vec_load_bf16_second(const uint32_t *p)
{
    const __m512i upper = _mm512_set1_epi32(-65536);
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), upper));
}
static inline vec vec_fmadd(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}
static inline vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}
static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}
/* The operands' order matters: max gives the second where one is NaN, and a NaN must get through.
 */
static inline vec vec_relu(vec a)
{
    return _mm512_max_ps(_mm512_setzero_ps(), a);
}
static inline void vec_store(float *p, vec a)
{
    _mm512_storeu_ps(p, a);
}
static inline float vec_sum(vec a)
{
    return _mm512_reduce_add_ps(a);
}

/* p[o] = sum of a[o], o < 8: a transposing tree takes 16 shuffles where 8 separate sums take 32. */
static inline void vec_store_sums8(float *p, const vec a[8])
{
    __m512 t[4], s[2];
    for (int i = 0; i < 4; i++) /* in each quarter: a0 a1 a0 a1 */
        t[i] = _mm512_add_ps(_mm512_unpacklo_ps(a[2 * i], a[2 * i + 1]),
                             _mm512_unpackhi_ps(a[2 * i], a[2 * i + 1]));
    for (int i = 0; i < 2; i++) /* a0 a1 a2 a3 */
        s[i] = _mm512_add_ps(_mm512_shuffle_ps(t[2 * i], t[2 * i + 1], 0x44),
                             _mm512_shuffle_ps(t[2 * i], t[2 * i + 1], 0xee));
    /* quarters: a0..a3, a0..a3, a4..a7, a4..a7; then quarters 0 and 2 hold whole sums */
    const __m512 half = _mm512_add_ps(_mm512_shuffle_f32x4(s[0], s[1], 0x44),
                                      _mm512_shuffle_f32x4(s[0], s[1], 0xee));
    const __m512 whole = _mm512_add_ps(half, _mm512_shuffle_f32x4(half, half, 0xb1));
    _mm256_storeu_ps(p, _mm512_castps512_ps256(_mm512_shuffle_f32x4(whole, whole, 0x08)));
}

/* The first n lanes; the others read as 0 and are not touched in memory. */
static inline vec vec_load_part(const float *p, int64_t n)
{
    return _mm512_maskz_loadu_ps(vec_mask(n), p);
}
static inline void vec_store_part(float *p, vec a, int64_t n)
{
    _mm512_mask_storeu_ps(p, vec_mask(n), a);
}

#endif
