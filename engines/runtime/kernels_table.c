/* kernels_table.c - chooses the kernels' variant at run time; built with baseline flags. */
#include "engines/runtime/kernels_variant.h"

#include <stddef.h>

static const struct zg_runtime_kernels *const variants[] = {
    &zg_runtime_kernels_portable,
#ifdef ZG_RUNTIME_X86
    &zg_runtime_kernels_avx2,
    &zg_runtime_kernels_avx512,
#endif
};
enum { N_VARIANTS = sizeof variants / sizeof variants[0] };

static const struct zg_runtime_kernels *best(enum zg_isa isa)
{
    const struct zg_runtime_kernels *chosen = variants[0];
    for (int i = 1; i < N_VARIANTS; i++)
        if (variants[i]->isa <= isa)
            chosen = variants[i];
    return chosen;
}

enum zg_status zg_runtime_kernels_choose(const struct zg_runtime_kernels **out,
                                         struct zg_error *err)
{
    enum zg_isa isa;
    const enum zg_status status = zg_cpu_isa_choose(&isa, err);
    *out = status ? NULL : best(isa);
    return status;
}

const struct zg_runtime_kernels *zg_runtime_kernels_at(int64_t index)
{
    return index >= 0 && index < N_VARIANTS && variants[index]->isa <= zg_cpu_isa()
               ? variants[index]
               : NULL;
}
