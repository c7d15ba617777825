/* kernels_variant.h - the ISA files' tables, for kernels_table.c alone. */
#ifndef ZG_RUNTIME_KERNELS_VARIANT_H
#define ZG_RUNTIME_KERNELS_VARIANT_H

#include "engines/runtime/kernels.h"

extern const struct zg_runtime_kernels zg_runtime_kernels_portable;
extern const struct zg_runtime_kernels zg_runtime_kernels_avx2;
extern const struct zg_runtime_kernels zg_runtime_kernels_avx512;

#endif
