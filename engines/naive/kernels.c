/* kernels.c - chooses the kernel table of this machine. */
#include "engines/naive/kernels.h"

#include "engines/base/cpu.h"
#include "engines/base/size.h"

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

/* q [n up to 4][head_dim], k^T [head_dim][n up to 32], v [n][head_dim up to 32], p [4][n up to
 * 32] */
int64_t zg_naive_head_scratch(int64_t n, int64_t head_dim)
{
    const int64_t n_wide = zg_round_up(n, ZG_NAIVE_STRIPE);
    return n_wide * (head_dim + head_dim + zg_round_up(head_dim, ZG_NAIVE_STRIPE) + 4);
}
