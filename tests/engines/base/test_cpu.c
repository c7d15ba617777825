/* test_cpu.c - the cap on the ISA, and what else cpu.h promises. */
#include "engines/base/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cunit_run.h"

static void test_cap(void)
{
    const enum zg_isa best = zg_cpu_isa();
    for (int isa = 0; isa < ZG_N_ISAS; isa++) {
        enum zg_isa chosen = ZG_N_ISAS;
        setenv("ZOGAP_ISA", zg_isa_name((enum zg_isa)isa), 1);
        CU_ASSERT_EQUAL(zg_cpu_isa_choose(&chosen, NULL), ZG_OK);
        CU_ASSERT_EQUAL(chosen, (enum zg_isa)isa < best ? (enum zg_isa)isa : best);
    }
    static const char *const no_cap[] = {NULL, ""};
    for (int i = 0; i < 2; i++) {
        enum zg_isa chosen = ZG_N_ISAS;
        if (no_cap[i])
            setenv("ZOGAP_ISA", no_cap[i], 1);
        else
            unsetenv("ZOGAP_ISA");
        CU_ASSERT_EQUAL(zg_cpu_isa_choose(&chosen, NULL), ZG_OK);
        CU_ASSERT_EQUAL(chosen, best);
    }
}

static void test_capitals(void)
{
    static const char *const names[] = {"AVX2", "Portable", "AVX512BF16"};
    static const enum zg_isa isas[] = {ZG_ISA_AVX2, ZG_ISA_PORTABLE, ZG_ISA_AVX512BF16};
    const enum zg_isa best = zg_cpu_isa();
    for (int i = 0; i < 3; i++) {
        enum zg_isa chosen = ZG_N_ISAS;
        setenv("ZOGAP_ISA", names[i], 1);
        CU_ASSERT_EQUAL(zg_cpu_isa_choose(&chosen, NULL), ZG_OK);
        CU_ASSERT_EQUAL(chosen, isas[i] < best ? isas[i] : best);
    }
    unsetenv("ZOGAP_ISA");
}

static void test_unknown_cap(void)
{
    static const char *const bad[] = {"sse9", "avx2 ", "avx"};
    for (int i = 0; i < 3; i++) {
        struct zg_error err = {0};
        enum zg_isa chosen;
        setenv("ZOGAP_ISA", bad[i], 1);
        CU_ASSERT_EQUAL(zg_cpu_isa_choose(&chosen, &err), ZG_USAGE);
        zg_test_expect_words(err.text, bad[i]);
        zg_test_expect_words(err.text, "avx512bf16");
        zg_test_expect_words(err.text, "amx");
    }
    unsetenv("ZOGAP_ISA");
}

static void test_name(void)
{
    char name[64] = "?", cut[4] = "???", nothing[1] = "?";
    zg_cpu_name(name, sizeof name);
    CU_ASSERT(strlen(name) > 0 && name[0] != ' ' && name[0] != '?');
    zg_cpu_name(cut, sizeof cut);
    CU_ASSERT(strlen(cut) == 3 && strncmp(cut, name, 3) == 0);
    zg_cpu_name(nothing, sizeof nothing);
    CU_ASSERT_EQUAL(nothing[0], '\0');
}

static void test_flush_denormals(void)
{
#if defined(__x86_64__)
    zg_cpu_flush_denormals();
    const volatile float tiny = 0x1p-126f;
    CU_ASSERT_EQUAL(tiny * 0.5f, 0.0f);
#endif
    CU_ASSERT_STRING_EQUAL(zg_isa_name((enum zg_isa)ZG_N_ISAS), "?");
}

/* Which of the two AVX-512 has is for test_peak to say, by the clock. */
static void test_bf16_products(void)
{
    for (int isa = 0; isa < ZG_ISA_AVX512BF16; isa++)
        CU_ASSERT_FALSE(zg_cpu_bf16_products_pay((enum zg_isa)isa));
#if defined(__x86_64__)
    CU_ASSERT(zg_cpu_bf16_products_pay(ZG_ISA_AMX));
#endif
}

/* Two sources must agree; "512K" is the form of all of Linux's cache sizes. */
static void test_l2(void)
{
    const int64_t bytes = zg_cpu_l2_bytes();
    CU_ASSERT(bytes >= INT64_C(64) << 10 && bytes <= INT64_C(64) << 20);
    long long level = 0, kib = 0;
    FILE *level_file = fopen("/sys/devices/system/cpu/cpu0/cache/index2/level", "r");
    FILE *size_file = fopen("/sys/devices/system/cpu/cpu0/cache/index2/size", "r");
    if (level_file && size_file && fscanf(level_file, "%lld", &level) == 1 && level == 2 &&
        fscanf(size_file, "%lldK", &kib) == 1)
        CU_ASSERT_EQUAL(bytes, kib << 10);
    if (level_file)
        fclose(level_file);
    if (size_file)
        fclose(size_file);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"cap", test_cap},
        {"capitals", test_capitals},
        {"unknown cap", test_unknown_cap},
        {"brand name", test_name},
        {"second-level cache", test_l2},
        {"products of bf16", test_bf16_products},
        {"flush denormals", test_flush_denormals},
        {NULL, NULL},
    };
    return zg_test_run("cpu", tests);
}
