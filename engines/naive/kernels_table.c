/* kernels_table.c - chooses the table of kernels for this machine. */
#include "engines/naive/kernels.h"

#include "engines/base/cpu.h"

enum zg_status zg_naive_kernels_choose(const struct zg_naive_kernels **out, struct zg_error *err)
{
    enum zg_isa isa = ZG_ISA_PORTABLE;
    const enum zg_status status = zg_cpu_isa_choose(&isa, err);
    if (status)
        return status;
    *out = &zg_naive_kernels_portable;
#ifdef ZG_NAIVE_X86
    if (isa >= ZG_ISA_AVX2)
        *out = &zg_naive_kernels_avx2;
    if (isa >= ZG_ISA_AVX512)
        *out = &zg_naive_kernels_avx512;
#endif
    return ZG_OK;
}
