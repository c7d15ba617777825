/* gemm.c - finds the loop's matrix product by name. */
#include "engines/naive/gemm.h"

#include <stddef.h>
#include <string.h>

zg_naive_gemm_fn *zg_naive_gemm_find(const char *name)
{
    static const struct {
        const char *name;
        zg_naive_gemm_fn *run;
    } entries[] = {
#ifdef ZOGAP_HAVE_OPENBLAS
        {"openblas", zg_naive_gemm_openblas},
#endif
#ifdef ZOGAP_HAVE_ONEDNN
        {"onednn", zg_naive_gemm_onednn},
#endif
        {"reference", zg_naive_gemm_reference},
    };
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (strcmp(entries[i].name, name) == 0)
            return entries[i].run;
    return NULL;
}
