/* peak_avx2.c - the peak kernels on AVX2 and FMA. */
#include <immintrin.h>

#define NAME         zg_peak_avx2
#define ISA          ZG_ISA_AVX2
#define VEC          __m256
#define LANES        8
#define SET1(x)      _mm256_set1_ps(x)
#define LOAD(p)      _mm256_load_ps(p)
#define FMA(x, a, b) _mm256_fmadd_ps(x, a, b)
#define ADD(x, y)    _mm256_add_ps(x, y)
#define STREAM(p, x) _mm256_stream_ps(p, x)
#include "harness/peak/peak_template.h"
