/* kernels_avx512.c - the loop's kernels in vectors of 64 bytes; see kernels_template.h. */
#define VEC_BYTES 64
#define TABLE     zg_naive_kernels_avx512
#include "engines/naive/kernels_template.h"
