/* kernels_portable.c - the loop's kernels in vectors of 16 bytes; see kernels_template.h. */
#define VEC_BYTES 16
#define TABLE     zg_naive_kernels_portable
#include "engines/naive/kernels_template.h"
