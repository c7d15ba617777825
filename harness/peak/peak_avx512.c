/* peak_avx512.c - the peak kernels on AVX-512. */
#include <immintrin.h>

#define NAME         zg_peak_avx512
#define ISA          ZG_ISA_AVX512
#define VEC          __m512
#define LANES        16
#define SET1(x)      _mm512_set1_ps(x)
#define LOAD(p)      _mm512_load_ps(p)
#define FMA(x, a, b) _mm512_fmadd_ps(x, a, b)
#define ADD(x, y)    _mm512_add_ps(x, y)
#define STREAM(p, x) _mm512_stream_ps(p, x)
#include "harness/peak/peak_template.h"
