/* test_registry.c - every line of engines.def is found by name and by index. */
#include "engines/zo.h"
#include "tests/support/cunit_run.h"

#include <string.h>

static void test_find(void)
{
    CU_ASSERT_PTR_NULL(zg_engine_find("no-such-engine"));
    CU_ASSERT_PTR_NULL(zg_engine_find(""));
    CU_ASSERT_PTR_NULL(zg_engine_at(-1));
    CU_ASSERT_PTR_NULL(zg_engine_at(1000));
    const struct zg_engine *naive = zg_engine_find("naive");
    CU_ASSERT_PTR_NOT_NULL_FATAL(naive);
    CU_ASSERT_PTR_EQUAL(zg_engine_at(0), naive); /* the first line */
    CU_ASSERT_PTR_NULL(naive->missing);          /* it needs no library */
}

static void test_names(void)
{
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++) {
        CU_ASSERT_PTR_EQUAL(zg_engine_find(engine->name), engine);
        for (int64_t j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(zg_engine_at(j)->name, engine->name);
    }
    for (int p = 0; p < ZG_N_PHASES; p++)
        CU_ASSERT(zg_phase_name((enum zg_phase)p)[0]);
    for (int m = 0; m < ZG_N_MECHANISMS; m++)
        CU_ASSERT(zg_mechanism_name((enum zg_mechanism)m)[0] &&
                  zg_mechanism_summary((enum zg_mechanism)m)[0]);
    CU_ASSERT_STRING_EQUAL(zg_phase_name(ZG_PHASE_FC1), "fc1");
    CU_ASSERT_STRING_EQUAL(zg_mechanism_name(ZG_M_TRIE), "trie");
    CU_ASSERT_STRING_EQUAL(zg_dtype_name(ZG_BF16), "bf16");
}

int main(void)
{
    const struct zg_test tests[] = {{"find", test_find}, {"names", test_names}, {NULL, NULL}};
    return zg_test_run("registry", tests);
}
