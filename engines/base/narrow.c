/* narrow.c - the table of the forms of rounding, and the choice among them. */
#include "engines/base/narrow.h"

#include <stddef.h>

#include "engines/base/narrow_variant.h"

static const struct zg_narrow variants[] = {
    {ZG_ISA_PORTABLE, zg_narrow_bf16_portable, zg_narrow_int8_portable},
#ifdef ZG_NARROW_X86
    {ZG_ISA_AVX2, zg_narrow_bf16_avx2, zg_narrow_int8_avx2},
    {ZG_ISA_AVX512, zg_narrow_bf16_avx512, zg_narrow_int8_avx512},
#endif
};
enum { N_VARIANTS = sizeof variants / sizeof variants[0] };

const struct zg_narrow *zg_narrow_at(int64_t index)
{
    return index >= 0 && index < N_VARIANTS ? &variants[index] : NULL;
}

const struct zg_narrow *zg_narrow_choose(enum zg_isa isa)
{
    const struct zg_narrow *best = &variants[0];
    for (int64_t i = 1; i < N_VARIANTS; i++)
        if (variants[i].isa <= isa)
            best = &variants[i];
    return best;
}
