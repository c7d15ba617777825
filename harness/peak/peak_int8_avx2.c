/* peak_int8_avx2.c - the int8 loop of peak_kernels.h where there is no VNNI: int8 widened to int16,
 * vpmaddwd of pairs and vpaddd. */
#include <immintrin.h>

#include "harness/peak/peak_kernels.h"

enum { LANES = 8 };

static float int8_loop(int64_t n_iterations, float a, float b)
{
    __m256i va = _mm256_set1_epi16((short)a);
    const __m256i vb = _mm256_set1_epi16((short)b);
#define X(i) __m256i acc##i = _mm256_set1_epi32(i);
    ZG_PEAK_EACH(X)
#undef X
    for (int64_t n = 0; n < n_iterations; n++) {
        /* The empty asm may have changed va, for all that the compiler knows: no product serves two
         * accumulators or two iterations.  And it keeps each accumulator in its register. */
#define X(i)                                                                                       \
    acc##i = _mm256_add_epi32(acc##i, _mm256_madd_epi16(va, vb));                                  \
    __asm__ volatile("" : "+x"(acc##i), "+x"(va));
        ZG_PEAK_EACH(X)
#undef X
    }
    __m256i sum = _mm256_setzero_si256();
#define X(i) sum = _mm256_add_epi32(sum, acc##i);
    ZG_PEAK_EACH(X)
#undef X
    int32_t lanes[LANES];
    _mm256_storeu_si256((__m256i *)lanes, sum);
    float total = 0;
    for (int i = 0; i < LANES; i++)
        total += (float)lanes[i];
    return total;
}

const struct zg_peak_loop zg_peak_int8_avx2 = {
    .isa = ZG_ISA_AVX2,
    .flops_per_iteration = INT64_C(2) * 2 * ZG_PEAK_N_ACCUMULATORS * LANES, /* pairs */
    .a = 1.0f,
    .b = 1.0f,
    .run = int8_loop,
};
