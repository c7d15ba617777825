/* gemm_table.c - finds the loop's matrix product by name, and the one for a dtype. */
#include "engines/naive/gemm.h"

#include "engines/base/cpu.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const struct zg_naive_gemm_library *zg_naive_gemm_find(const char *name)
{
    static const struct zg_naive_gemm_library *const libraries[] = {
#ifdef ZOGAP_HAVE_OPENBLAS
        &zg_naive_gemm_openblas,
#endif
#ifdef ZOGAP_HAVE_ONEDNN
        &zg_naive_gemm_onednn,
#endif
        &zg_naive_gemm_reference,
    };
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
        if (strcmp(libraries[i]->name, name) == 0)
            return libraries[i];
    return NULL;
}

const char *zg_naive_gemm_default(enum zg_dtype dtype)
{
    if (dtype != ZG_BF16)
        return ZG_NAIVE_GEMM_DEFAULT;
    const enum zg_isa isa = zg_cpu_isa();
    const bool has_onednn = zg_naive_gemm_find("onednn") && isa >= ZG_ISA_AVX512BF16;
    if (has_onednn && zg_cpu_bf16_products_pay(isa))
        return "onednn";
    return zg_naive_gemm_find("openblas") ? "openblas" : has_onednn ? "onednn" : "reference";
}
