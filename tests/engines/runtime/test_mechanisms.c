/* test_mechanisms.c - which combinations of mechanisms are refused, and what the message says. */
#include "engines/runtime/mechanisms.h"
#include "engines/runtime/runtime.h"
#include "tests/support/cunit_run.h"

#include <string.h>

static void test_pairs(void)
{
    const struct {
        enum zg_mechanism needing, needed;
    } rules[] = {{ZG_M_PAIRED, ZG_M_ADAPTER}, {ZG_M_LAZY, ZG_M_ADAPTER},   {ZG_M_BANK, ZG_M_LAZY},
                 {ZG_M_COMMON, ZG_M_PAIRED},  {ZG_M_CENTRED, ZG_M_PAIRED}, {ZG_M_TRIE, ZG_M_RAGGED},
                 {ZG_M_CANCEL, ZG_M_SCORED},  {ZG_M_LAST, ZG_M_SCORED}};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(zg_mechanisms_check(ZG_MECHANISM_BIT(rules[i].needing), &err), ZG_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, zg_mechanism_name(rules[i].needing)));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, zg_mechanism_name(rules[i].needed)));
    }
}

static void test_valid(void)
{
    CU_ASSERT_EQUAL(zg_mechanisms_check(0, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_mechanisms_check(ZG_RUNTIME_MECHANISMS, NULL), ZG_OK);
    CU_ASSERT_EQUAL(
        zg_mechanisms_check(ZG_RUNTIME_MECHANISMS | ZG_MECHANISM_BIT(ZG_M_PACKED), NULL), ZG_OK);
    /* Of 2^11 combinations: adapter off, or on with lazy off, lazy, or lazy and bank, and paired
     * off, or on with common and centred free: 1 + 3 * (1 + 4); ragged off, on, or with trie: 3;
     * scored off, or on with cancel and last free: 1 + 4. */
    int n_valid = 0;
    for (uint32_t m = 0; m < 1u << ZG_N_MECHANISMS; m++)
        n_valid += !(m & ~(uint32_t)ZG_RUNTIME_MECHANISMS) && zg_mechanisms_check(m, NULL) == ZG_OK;
    CU_ASSERT_EQUAL(n_valid, 16 * 3 * 5);
}

int main(void)
{
    static const struct zg_test tests[] = {{"each missing mechanism is named", test_pairs},
                                           {"valid combinations", test_valid},
                                           {NULL, NULL}};
    return zg_test_run("engines/runtime/mechanisms", tests);
}
