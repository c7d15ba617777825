/* kernels_avx2.c - the loop's kernels in vectors of 32 bytes; see kernels_template.h. */
#define VEC_BYTES 32
#define TABLE     zg_naive_kernels_avx2
#include "engines/naive/kernels_template.h"
