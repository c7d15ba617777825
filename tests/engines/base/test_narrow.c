/* test_narrow.c - rounding to bf16 and int8: known answers, the rule in exact arithmetic, and equal
 * bits of all ISA forms. */
#include "engines/base/narrow.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engines/base/float_bits.h"
#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

enum { MAX_N = 200 };

static void each_variant(void (*check)(const struct zg_narrow *narrow))
{
    const struct zg_narrow *narrow;
    for (int64_t i = 0; (narrow = zg_narrow_at(i)); i++)
        if (narrow->isa <= zg_cpu_isa())
            check(narrow);
        else
            printf("skipped: this machine has no %s\n", zg_isa_name(narrow->isa));
}

static void check_known_bf16(const struct zg_narrow *narrow)
{
    static const struct {
        uint32_t from;
        uint16_t to;
    } kat[] = {
        {0x00000000, 0x0000}, {0x80000000, 0x8000}, {0x3f800000, 0x3f80},
        {0x3f807fff, 0x3f80}, {0x3f808000, 0x3f80}, /* a tie, to even: down */
        {0x3f808001, 0x3f81}, {0x3f818000, 0x3f82}, /* a tie, to even: up */
        {0xbf818000, 0xbf82}, {0x3fffffff, 0x4000}, /* carries into the exponent */
        {0x7f7f7fff, 0x7f7f}, {0x7f7f8000, 0x7f80}, /* overflow becomes infinity */
        {0xff7fffff, 0xff80}, {0x7f800000, 0x7f80}, {0xff800000, 0xff80},
        {0x7fc00000, 0x7fc0}, {0x7f800001, 0x7fc0}, /* would be infinity without the quiet bit */
        {0xffffffff, 0xffff}, {0x00018000, 0x0002}, /* denormals are rounded like all others */
        {0x00008000, 0x0000},
    };
    enum { N = sizeof kat / sizeof kat[0] };
    float x[N];
    uint16_t y[N];
    for (int i = 0; i < N; i++)
        x[i] = zg_float_of_bits(kat[i].from);
    narrow->bf16(x, N, y);
    for (int i = 0; i < N; i++)
        CU_ASSERT_EQUAL(y[i], kat[i].to);
}
static void test_known_bf16(void)
{
    each_variant(check_known_bf16);
}

static void check_known_int8(const struct zg_narrow *narrow)
{
    /* max 254: the factor is 0.5 and the scale 2, so that odd numbers are ties. */
    const float x[] = {254.0f, -254.0f, 1.0f, 3.0f, -1.0f, -3.0f, 2.0f, 0.0f, -0.0f, 0.5f, 5.002f};
    static const int8_t want[] = {127, -127, 0, 2, 0, -2, 1, 0, 0, 0, 3};
    int8_t q[11];
    CU_ASSERT_EQUAL(narrow->int8(x, 11, q), 2.0f);
    CU_ASSERT_EQUAL(memcmp(q, want, sizeof q), 0);

    const float zeros[3] = {0.0f, -0.0f, 0.0f}, tiny[3] = {0x1p-101f, 0.0f, -0x1p-149f};
    static const int8_t none[3] = {0, 0, 0};
    CU_ASSERT_EQUAL(narrow->int8(zeros, 3, q), 0.0f);
    CU_ASSERT_EQUAL(memcmp(q, none, 3), 0);
    CU_ASSERT_EQUAL(narrow->int8(tiny, 3, q), 0.0f);
    CU_ASSERT_EQUAL(memcmp(q, none, 3), 0);
    CU_ASSERT_EQUAL(narrow->int8(x, 0, q), 0.0f);

    const float ends[] = {0x1p-100f, 0x1.fffffep127f};
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(narrow->int8(&ends[i], 1, q), ends[i] / 127.0f);
        CU_ASSERT_EQUAL(q[0], 127);
    }
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        const float row[3] = {1.0f, bad[i], 2.0f};
        CU_ASSERT(isnan(narrow->int8(row, 3, q)));
        CU_ASSERT_EQUAL(memcmp(q, none, 3), 0);
    }
}
static void test_known_int8(void)
{
    each_variant(check_known_int8);
}

/* |q scale - x| <= scale (1/2 + 1/200): half a step, and the roundings of factor, product, sum and
 * scale, each 2^-24 of at most 127 steps; the largest is exactly 127. */
static void check_rule_int8(const struct zg_narrow *narrow)
{
    float x[MAX_N];
    int8_t q[MAX_N];
    int64_t n_wrong = 0;
    for (uint64_t trial = 0; trial < 200; trial++) {
        zg_philox_normal(trial, 1, ZG_STREAM_DENSE, 0, MAX_N, x);
        const double scale = (double)narrow->int8(x, MAX_N, q);
        int largest = 0;
        for (int64_t i = 0; i < MAX_N; i++) {
            n_wrong += !(fabs(q[i] * scale - (double)x[i]) <= scale * 0.505);
            largest = q[i] > largest ? q[i] : -q[i] > largest ? -q[i] : largest;
        }
        n_wrong += largest != 127;
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
}
static void test_rule_int8(void)
{
    each_variant(check_rule_int8);
}

/* Any bits and any count, odd addresses included: the bits of the first variant, and nothing
 * written behind the last element. */
static void check_same(const struct zg_narrow *narrow)
{
    const struct zg_narrow *reference = zg_narrow_at(0);
    static uint32_t words[MAX_N + 1];
    static float x[MAX_N + 1];
    int64_t n_wrong = 0;
    for (int64_t n = 0; n < MAX_N; n++)
        for (int offset = 0; offset < 2; offset++) {
            uint16_t y[MAX_N + 1], y0[MAX_N + 1];
            int8_t q[MAX_N + 1], q0[MAX_N + 1];
            zg_philox_words((uint64_t)n, 2, ZG_STREAM_DENSE, 0, n + 1, words);
            memcpy(x, words, (size_t)(n + 1) * sizeof(float));
            memset(y, 0x5a, sizeof y);
            memset(y0, 0x5a, sizeof y0);
            narrow->bf16(x + offset, n, y);
            reference->bf16(x + offset, n, y0);
            n_wrong += memcmp(y, y0, sizeof y) != 0;
            /* Finite rows of all magnitudes: a random exponent a row, a random one an element. */
            for (int64_t i = 0; i <= n; i++)
                x[i] = ldexpf((float)(int32_t)words[i],
                              (int)(words[0] % 200) - 130 - (int)(words[i] % 10));
            memset(q, 0x5a, sizeof q);
            memset(q0, 0x5a, sizeof q0);
            const float scale = narrow->int8(x + offset, n, q);
            const float scale0 = reference->int8(x + offset, n, q0);
            n_wrong += memcmp(q, q0, sizeof q) != 0 || memcmp(&scale, &scale0, sizeof scale) != 0;
        }
    CU_ASSERT_EQUAL(n_wrong, 0);
}
static void test_same(void)
{
    each_variant(check_same);
}

static void test_choice(void)
{
    CU_ASSERT_PTR_EQUAL(zg_narrow_choose(ZG_ISA_PORTABLE), zg_narrow_at(0));
    CU_ASSERT_PTR_NULL(zg_narrow_at(-1));
    for (int64_t i = 0; zg_narrow_at(i); i++) {
        CU_ASSERT(i == 0 || zg_narrow_at(i - 1)->isa < zg_narrow_at(i)->isa);
        CU_ASSERT_PTR_EQUAL(zg_narrow_choose(zg_narrow_at(i)->isa), zg_narrow_at(i));
        CU_ASSERT(zg_narrow_choose(ZG_ISA_AVX512BF16)->isa >= zg_narrow_at(i)->isa);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"bf16, known answers", test_known_bf16},
        {"int8, known answers", test_known_int8},
        {"int8 keeps the rule", test_rule_int8},
        {"ISA forms give the same bits", test_same},
        {"choice", test_choice},
        {NULL, NULL},
    };
    return zg_test_run("narrow", tests);
}
