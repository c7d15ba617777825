/* test_philox.c - the generator against published vectors, an independent transform, and its own
 * ISA forms. */
#include "engines/base/philox.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/box_muller.h"
#include "engines/base/philox_variant.h"
#include "tests/support/cunit_run.h"

/* Random123's kat_vectors, philox4x32 with 10 rounds. */
static void test_known_words(void)
{
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } kat[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof kat / sizeof kat[0]; i++) {
        uint32_t out[4];
        zg_philox4x32(kat[i].counter, kat[i].key, out);
        CU_ASSERT(memcmp(out, kat[i].want, sizeof out) == 0);
    }
}

/* Made by a NumPy program written from the text of philox.h and zo.h, float32 throughout. */
static void test_known_deviates(void)
{
    static const struct {
        uint64_t seed;
        int32_t tensor;
        enum zg_stream stream;
        int64_t element;
        float want;
    } kat[] = {
        {0, 0, ZG_STREAM_DENSE, 0, 0x1.fb7662p-1f},
        {0, 0, ZG_STREAM_DENSE, 1, -0x1.d96d60p-1f},
        {0, 0, ZG_STREAM_DENSE, 2, -0x1.3c373ap-1f},
        {0, 0, ZG_STREAM_DENSE, 3, -0x1.eda35ep-2f},
        {1, 16, ZG_STREAM_U, 5, 0x1.7bcb3ep-2f},
        {0x123456789abcdef, 4111, ZG_STREAM_V, INT64_C(1099511627779), -0x1.b9c558p-1f},
        {UINT64_MAX, 26, ZG_STREAM_WEIGHTS, INT64_C(17179869183), -0x1.3f5412p+0f},
    };
    for (size_t i = 0; i < sizeof kat / sizeof kat[0]; i++) {
        float z = 0.0f;
        zg_philox_normal(kat[i].seed, kat[i].tensor, kat[i].stream, kat[i].element, 1, &z);
        CU_ASSERT_EQUAL(zg_bits_of_float(z), zg_bits_of_float(kat[i].want));
    }
    static const struct {
        uint32_t w0, w1;
        float z0, z1;
    } pairs[] = {
        {0x0, 0x0, 0x1.7128acp+2f, 0.0f},
        {0xffffffff, 0xffffffff, 0x1.6a09e6p-12f, -0x1.1c5832p-41f},
        {0x80000000, 0x20000000, 0x1.aa4498p-1f, 0x1.aa4498p-1f},
        {0xb504f333, 0x1fffffff, 0x1.2d6ac0p-1f, 0x1.2d6ac0p-1f},
        {0xb504f3ff, 0xe0000000, 0x1.2d6ac0p-1f, -0x1.2d6ac0p-1f},
        {0x1, 0x60000000, -0x1.0508e6p+2f, 0x1.0508e6p+2f},
        {0x12345678, 0xa0000001, -0x1.a03a32p+0f, -0x1.a03a32p+0f},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        float z0, z1;
        zg_box_muller(pairs[i].w0, pairs[i].w1, &z0, &z1);
        CU_ASSERT_EQUAL(zg_bits_of_float(z0), zg_bits_of_float(pairs[i].z0));
        CU_ASSERT_EQUAL(zg_bits_of_float(z1), zg_bits_of_float(pairs[i].z1));
    }
}

/* The transform once more, from philox.h, with each fp32 operation done in double and rounded. 
 * Double has more than 2 x 24 + 2 bits, so that the second rounding never changes a product, sum
 * or square root of fp32 numbers. */
static float mul(float a, float b)
{
    return (float)((double)a * (double)b);
}

static float add(float a, float b)
{
    return (float)((double)a + (double)b);
}

static float horner(const float *coefficients, int n, float x)
{
    float p = coefficients[0];
    for (int i = 1; i < n; i++)
        p = add(mul(p, x), coefficients[i]);
    return p;
}

static void transform(uint32_t w0, uint32_t w1, float z[2])
{
    static const float log_p[] = {0x1.4bd7p-3f,    -0x1.04591cp-2f, 0x1.09abe4p-2f,
                                  -0x1.22dc4ap-2f, 0x1.54d54ep-2f,  -0x1.99a14cp-2f,
                                  0x1.0000c8p-1f,  -0x1.555552p-1f, 1.0f};
    static const float sin_p[] = {-0x1.2d9b7cp-8f, 0x1.465ec4p-4f, -0x1.4abbbap-1f, 0x1.921fb6p+0f};
    static const float cos_p[] = {0x1.db64d4p-11f, -0x1.55cb98p-6f, 0x1.03c1eap-2f, -0x1.3bd3ccp+0f,
                                  1.0f};
    /* n = m 2^k with m in [sqrt(1/2), sqrt(2)), found by halving instead of by bits. */
    float m = (float)((w0 >> 8) | 1u);
    int k = 0;
    for (; zg_bits_of_float(m) >= 0x3f3504f3u + (1u << 23); k++)
        m = mul(m, 0.5f);
    const float f = add(m, -1.0f);
    const float minus_2_log_m = add(mul(horner(log_p, 9, f), mul(f, f)), -add(f, f));
    const float radius =
        (float)sqrt((double)add(minus_2_log_m, mul((float)(24 - k), 0x1.62e43p+0f)));
    const uint32_t quadrant = (w1 + 0x20000000u) / 0x40000000u;
    int64_t rest = (int64_t)w1 - (int64_t)quadrant * 0x40000000;
    if (rest > 0x7fffffff)
        rest -= INT64_C(1) << 32;
    const float t = mul((float)rest, 0x1p-30f), t2 = mul(t, t);
    const float s = mul(horner(sin_p, 4, t2), t), c = horner(cos_p, 5, t2);
    const float cosine[] = {c, -s, -c, s}, sine[] = {s, c, -s, -c};
    z[0] = mul(radius, cosine[quadrant]);
    z[1] = mul(radius, sine[quadrant]);
}

static void random_words(uint64_t seed, int64_t n, uint32_t *words)
{
    for (int64_t i = 0; i < n; i += 2) {
        const uint64_t w = zg_seed_derive(seed, (uint64_t)i);
        words[i] = (uint32_t)w;
        words[i + 1] = (uint32_t)(w >> 32);
    }
}

/* Bits equal to the independent transform, and close to the exact one.  Of the radius: the
 * polynomial is within 3e-8 of log, about half an ulp; Horner and the two sums add at most 4 ulp
 * of 2^-24, doubled where 2 log 2 - 2 log m cancels down to half; a square root halves that and
 * rounds.  Of sine and cosine: at most 3 ulp.  8 x 2^-24 covers the sum. */
static void test_transform(void)
{
    enum { N = 1 << 18 };
    static uint32_t words[N];
    random_words(3, N, words);
    for (int i = 0; i < 256; i++) /* and all small first words: the tail */
        words[2 * i] = (uint32_t)i << 8;
    int64_t n_different = 0, n_far = 0;
    for (int i = 0; i < N; i += 2) {
        float got[2], want[2];
        zg_box_muller(words[i], words[i + 1], &got[0], &got[1]);
        transform(words[i], words[i + 1], want);
        n_different += memcmp(got, want, sizeof got) != 0;
        const double radius = sqrt(-2.0 * log(((words[i] >> 8) | 1u) * 0x1p-24));
        const double angle = 2.0 * acos(-1.0) * words[i + 1] * 0x1p-32;
        n_far += fabs(got[0] - radius * cos(angle)) > 8 * 0x1p-24 * radius;
        n_far += fabs(got[1] - radius * sin(angle)) > 8 * 0x1p-24 * radius;
    }
    CU_ASSERT_EQUAL(n_different, 0);
    CU_ASSERT_EQUAL(n_far, 0);
}

/* Every form that the machine runs gives the words of zg_philox4x32() and the deviates of the
 * transform, at any count of blocks and across the carry into the counter's second word. */
static void test_variants(void)
{
    enum { MAX_BLOCKS = 100 };
    static const int64_t counts[] = {1, 2, 3, 31, 32, 33, 64, MAX_BLOCKS};
    static const uint64_t blocks[] = {0, 5, UINT64_C(0xfffffff0), UINT64_C(0x123456789fffffff)};
    static const struct zg_philox_stream stream = {{0xa4093822, 0x299f31d0}, 77, ZG_STREAM_U};
    const struct zg_philox_variant *v;
    int64_t n_wrong = 0, n_run = 0;
    for (int64_t i = 0; (v = zg_philox_variant_at(i)); i++) {
        if (v->isa > zg_cpu_isa()) {
            printf("skipped: this machine has no %s\n", zg_isa_name(v->isa));
            continue;
        }
        n_run++;
        for (size_t c = 0; c < 8 * 4; c++) {
            const int64_t n = counts[c / 4];
            uint32_t words[4 * MAX_BLOCKS + 1] = {0}, want[4];
            float z[4 * MAX_BLOCKS + 1] = {0}, want_z[4];
            v->word_blocks(&stream, blocks[c % 4], n, words);
            v->normal_blocks(&stream, blocks[c % 4], n, z);
            for (int64_t b = 0; b < n; b++) {
                const uint64_t at = blocks[c % 4] + (uint64_t)b;
                const uint32_t counter[4] = {(uint32_t)at, (uint32_t)(at >> 32), stream.tensor,
                                             stream.stream};
                zg_philox4x32(counter, stream.key, want);
                transform(want[0], want[1], want_z);
                transform(want[2], want[3], want_z + 2);
                n_wrong += memcmp(words + 4 * b, want, sizeof want) != 0;
                n_wrong += memcmp(z + 4 * b, want_z, sizeof want_z) != 0;
            }
            n_wrong +=
                words[4 * n] != 0 || zg_bits_of_float(z[4 * n]) != 0; /* wrote past its range */
        }
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT(n_run >= 1);
}

/* Any cut of a range, and any number of threads, gives the same bits; so do the raw words. */
static void test_cuts(void)
{
    enum { N = 5000 };
    static float whole[N], cut[N];
    static uint32_t words[N], cut_words[N];
    const uint64_t seed = 0xfeedface12345678;
    const int64_t start = (INT64_C(1) << 34) - 1234; /* crosses block 2^32 */
    zg_philox_normal(seed, 30, ZG_STREAM_V, start, N, whole);
    zg_philox_words(seed, 30, ZG_STREAM_V, start, N, words);
    for (uint64_t trial = 0; trial < 20; trial++) {
        memset(cut, 0, sizeof cut);
        memset(cut_words, 0, sizeof cut_words);
        int64_t at = 0;
        for (uint64_t i = 0; at < N; i++) {
            const uint64_t most = trial < 10 ? 9 : 700;
            int64_t n = (int64_t)(zg_seed_derive(trial, i) % most); /* 0 is a fine length */
            n = n < N - at ? n : N - at;
            zg_philox_normal(seed, 30, ZG_STREAM_V, start + at, n, cut + at);
            zg_philox_words(seed, 30, ZG_STREAM_V, start + at, n, cut_words + at);
            at += n;
        }
        CU_ASSERT(memcmp(whole, cut, sizeof cut) == 0);
        CU_ASSERT(memcmp(words, cut_words, sizeof cut_words) == 0);
    }
    for (int threads = 1; threads <= 4; threads++) {
        memset(cut, 0, sizeof cut);
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
        for (int64_t i = 0; i < N; i += 50)
            zg_philox_normal(seed, 30, ZG_STREAM_V, start + i, 50, cut + i);
        CU_ASSERT(memcmp(whole, cut, sizeof cut) == 0);
    }
}

/* Seed (both halves), tensor and stream each select another sequence. */
static void test_streams_differ(void)
{
    uint32_t base[4], other[4];
    zg_philox_words(1, 1, ZG_STREAM_U, 0, 4, base);
    const struct {
        uint64_t seed;
        int32_t tensor;
        enum zg_stream stream;
    } others[] = {{2, 1, ZG_STREAM_U},
                  {1 + (UINT64_C(1) << 32), 1, ZG_STREAM_U},
                  {1, 2, ZG_STREAM_U},
                  {1, 1, ZG_STREAM_V}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        zg_philox_words(others[i].seed, others[i].tensor, others[i].stream, 0, 4, other);
        for (int w = 0; w < 4; w++)
            CU_ASSERT_NOT_EQUAL(base[w], other[w]);
    }
}

/* Moments of N = 2^22 deviates.  The standard errors of the first four are sqrt(1, 2, 15, 96) /
 * sqrt(N), because the variances of z, z^2, z^3, z^4 are 1, 2, 15, 96; counts beyond a bound are
 * binomial; products of two deviates have variance 1.  5 standard errors: a true generator fails
 * one of these 13 checks once in 10^5 seeds, and the seed is fixed. */
static void test_moments(void)
{
    enum { N = 1 << 22 };
    float *z = malloc(N * sizeof *z);
    CU_ASSERT_PTR_NOT_NULL_FATAL(z);
    zg_philox_normal(2026, 16, ZG_STREAM_DENSE, 0, N, z);
    double m[5] = {0}, lag[5] = {0};
    int64_t beyond[6] = {0};
    double largest = 0.0;
    for (int i = 0; i < N; i++) {
        const double x = (double)z[i];
        m[1] += x;
        m[2] += x * x;
        m[3] += x * x * x;
        m[4] += x * x * x * x;
        for (int k = 1; k <= 4; k++)
            lag[k] += i + k < N ? x * (double)z[i + k] : 0.0;
        for (int k = 1; k <= 5; k++)
            beyond[k] += fabs(x) > k;
        largest = fmax(largest, fabs(x));
    }
    static const double want[5] = {0, 0, 1, 0, 3}, variance[5] = {0, 1, 2, 15, 96};
    for (int k = 1; k <= 4; k++) {
        CU_ASSERT(fabs(m[k] / N - want[k]) < 5.0 * sqrt(variance[k] / N));
        CU_ASSERT(fabs(lag[k] / N) < 5.0 / sqrt(N));
    }
    for (int k = 1; k <= 5; k++) {
        const double p = erfc(k / sqrt(2.0));
        CU_ASSERT(fabs((double)beyond[k] - N * p) < 5.0 * sqrt(N * p * (1.0 - p)) + 1.0);
    }
    CU_ASSERT(largest > 4.5 && largest < 5.78); /* the tail ends at sqrt(2 * 24 log 2) = 5.77 */
    free(z);
}

/* splitmix64's published first outputs for seed 1234567. */
static void test_seed_derive(void)
{
    static const uint64_t want[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                    UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                    UINT64_C(16408922859458223821)};
    for (uint64_t i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(zg_seed_derive(1234567, i), want[i]);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"known words", test_known_words},
        {"known deviates", test_known_deviates},
        {"transform equals an independent one", test_transform},
        {"ISA forms give the same bits", test_variants},
        {"cuts and threads change nothing", test_cuts},
        {"seed, tensor and stream separate", test_streams_differ},
        {"moments and tails", test_moments},
        {"derived seeds are splitmix64", test_seed_derive},
        {NULL, NULL},
    };
    return zg_test_run("philox", tests);
}
