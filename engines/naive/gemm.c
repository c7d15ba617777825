/* gemm.c - finds the loop's matrix product by name. */
#include "engines/naive/gemm.h"

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
