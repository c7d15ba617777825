/* peak_avx512bf16.c - the dot product loops of peak_kernels.h: vdpbf16ps and vpdpbusd. */
#include <immintrin.h>

#include "harness/peak/peak_kernels.h"

enum { LANES = 16 };

static float bf16_loop(int64_t n_iterations, float a, float b)
{
    const __m512bh va = _mm512_cvtne2ps_pbh(_mm512_set1_ps(a), _mm512_set1_ps(a));
    const __m512bh vb = _mm512_cvtne2ps_pbh(_mm512_set1_ps(b), _mm512_set1_ps(b));
#define X(i) __m512 acc##i = _mm512_set1_ps((float)i);
    ZG_PEAK_EACH(X)
#undef X
    for (int64_t n = 0; n < n_iterations; n++) {
#define X(i) acc##i = _mm512_dpbf16_ps(acc##i, va, vb);
        ZG_PEAK_EACH(X)
#undef X
    }
    float sum = 0;
#define X(i) sum += _mm512_reduce_add_ps(acc##i);
    ZG_PEAK_EACH(X)
#undef X
    return sum;
}

static float int8_loop(int64_t n_iterations, float a, float b)
{
    const __m512i va = _mm512_set1_epi8((char)a), vb = _mm512_set1_epi8((char)b);
#define X(i) __m512i acc##i = _mm512_set1_epi32(i);
    ZG_PEAK_EACH(X)
#undef X
    for (int64_t n = 0; n < n_iterations; n++) {
        /* The empty asm keeps each accumulator in its register: GCC would else rotate it through
         * another one, a move for every dot product. */
#define X(i)                                                                                       \
    acc##i = _mm512_dpbusd_epi32(acc##i, va, vb);                                                  \
    __asm__("" : "+v"(acc##i));
        ZG_PEAK_EACH(X)
#undef X
    }
    float sum = 0;
#define X(i) sum += _mm512_reduce_add_ps(_mm512_cvtepi32_ps(acc##i));
    ZG_PEAK_EACH(X)
#undef X
    return sum;
}

const struct zg_peak_loop zg_peak_bf16_avx512bf16 = {
    .isa = ZG_ISA_AVX512BF16,
    .flops_per_iteration = INT64_C(2) * 2 * ZG_PEAK_N_ACCUMULATORS * LANES, /* pairs */
    .a = 1.0f,
    .b = 1.0f,
    .run = bf16_loop,
};

const struct zg_peak_loop zg_peak_int8_avx512bf16 = {
    .isa = ZG_ISA_AVX512BF16,
    .flops_per_iteration = INT64_C(2) * 4 * ZG_PEAK_N_ACCUMULATORS * LANES, /* fours */
    .a = 1.0f,
    .b = 1.0f,
    .run = int8_loop,
};
