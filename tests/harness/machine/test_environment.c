/* test_environment.c - kernels.h: which OpenBLAS kernels are worth a restart. */
#include <string.h>

#include "engines/base/cpu.h"
#include "harness/machine/kernels.h"
#include "tests/support/cunit_run.h"

static void expect(const char *core, enum zg_isa isa, const char *want)
{
    const char *const got = zg_openblas_better_core(core, (int)isa);
    if (want)
        CU_ASSERT_TRUE(got && strcmp(got, want) == 0)
    else
        CU_ASSERT_PTR_NULL(got)
}

static void test_better_core(void)
{
    /* OpenBLAS 0.3.21 on a processor younger than itself */
    expect("Prescott", ZG_ISA_AVX512BF16, "SkylakeX");
    expect("Prescott", ZG_ISA_AVX2, "Haswell");
    expect("Haswell", ZG_ISA_AVX512, "SkylakeX");
    expect("Sandybridge", ZG_ISA_AVX2, "Haswell");
    /* nothing to put right */
    expect("SkylakeX", ZG_ISA_AVX512BF16, NULL);
    expect("SapphireRapids", ZG_ISA_AVX512BF16, NULL);
    expect("skylakex", ZG_ISA_AVX512, NULL);
    expect("Zen", ZG_ISA_AVX512, NULL);
    expect("Haswell", ZG_ISA_AVX2, NULL);
    expect("Nehalem", ZG_ISA_PORTABLE, NULL);
}

int main(void)
{
    static const struct zg_test tests[] = {{"better OpenBLAS kernels", test_better_core},
                                           {NULL, NULL}};
    return zg_test_run("harness/environment", tests);
}
