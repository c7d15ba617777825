/* test_convert.c - all 65,536 numbers of each 16-bit type against their definition, flush-to-
 * zero or not. */
#include "engines/base/convert.h"

#include <math.h>

#include "engines/base/cpu.h"
#include "tests/support/cunit_run.h"

/* sign, `exponent_bits` bits of exponent, the rest mantissa, as IEEE 754 defines them. */
static double defined(uint32_t h, int exponent_bits)
{
    const int mantissa_bits = 15 - exponent_bits, bias = (1 << (exponent_bits - 1)) - 1;
    const int exponent = (int)(h >> mantissa_bits & ((1u << exponent_bits) - 1));
    const double mantissa = ldexp((double)(h & ((1u << mantissa_bits) - 1)), -mantissa_bits);
    const double sign = h & 0x8000u ? -1.0 : 1.0;
    if (exponent == (1 << exponent_bits) - 1)
        return mantissa == 0.0 ? sign * INFINITY : NAN;
    return sign *
           (exponent == 0 ? ldexp(mantissa, 1 - bias) : ldexp(1.0 + mantissa, exponent - bias));
}

static int64_t count_wrong_fp16(void)
{
    int64_t n = 0;
    for (uint32_t h = 0; h <= 0xffff; h++) {
        const double want = defined(h, 5), got = (double)zg_float_of_fp16((uint16_t)h);
        n += isnan(want) ? !isnan(got) : want != got || signbit(want) != signbit(got);
    }
    return n;
}

static void test_fp16(void)
{
    CU_ASSERT_EQUAL(count_wrong_fp16(), 0);
}

static void test_bf16(void)
{
    int64_t n = 0;
    for (uint32_t h = 0; h <= 0xffff; h++) {
        const double want = defined(h, 8), got = (double)zg_float_of_bf16((uint16_t)h);
        n += isnan(want) ? !isnan(got) : want != got || signbit(want) != signbit(got);
    }
    CU_ASSERT_EQUAL(n, 0);
}

/* Engines run their threads with denormals flushed; a stored fp16 denormal (below 6e-5) is a
 * normal fp32 number. */
static void test_fp16_flushed(void)
{
    zg_cpu_flush_denormals();
    int64_t n = 0;
    for (uint32_t h = 1; h <= 0x3ff; h++)
        n += zg_float_of_fp16((uint16_t)h) != (float)h * 0x1p-24f;
    CU_ASSERT_EQUAL(n, 0);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"fp16", test_fp16},
        {"bf16", test_bf16},
        {"fp16 with denormals flushed", test_fp16_flushed},
        {NULL, NULL},
    };
    return zg_test_run("convert", tests);
}
