/*
 * test_kernels.c - every variant of the runtime's kernels against plain double-precision loops, at
 * sizes around the vector widths.
 *
 * Tolerances: a sum of n products in fp32 errs by at most n u times the sum of magnitudes, u =
 * 2^-24; lanes and trees only shorten the chain.  Each check bounds its own sum of magnitudes.
 */
#include "engines/base/philox.h"
#include "engines/model.h"
#include "engines/runtime/kernels.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <string.h>

static const double u = 1.0 / (1 << 24);
static const int64_t sizes[] = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 100, 257};
enum { N_SIZES = sizeof sizes / sizeof sizes[0], MOST = 257, RANK = 9 };

static void fill(float *x, int64_t n, int32_t stream)
{
    zg_philox_normal(11, stream, ZG_STREAM_DATA, 0, n, x);
}

#define FOR_EACH_VARIANT(k)                                                                        \
    int64_t index_ = 0;                                                                            \
    for (const struct zg_runtime_kernels *k; (k = zg_runtime_kernels_at(index_)) != NULL; index_++)

static void test_layer_norm(void)
{
    float x[MOST], gain[MOST], bias[MOST], y[MOST + 1];
    fill(x, MOST, 1);
    fill(gain, MOST, 2);
    fill(bias, MOST, 3);
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < N_SIZES; i++) {
        const int64_t n = sizes[i];
        double mean = 0.0, var = 0.0;
        for (int64_t c = 0; c < n; c++)
            mean += (double)x[c] / (double)n;
        for (int64_t c = 0; c < n; c++)
            var += ((double)x[c] - mean) * ((double)x[c] - mean) / (double)n;
        const double inverse = 1.0 / sqrt(var + (double)ZG_LAYER_NORM_EPS);
        y[n] = 42.0f;
        k->layer_norm(x, gain, bias, n, y);
        for (int64_t c = 0; c < n; c++) {
            /* The mean errs by at most n u max|x|, 4; the spread likewise, relative; then a few
             * roundings.  One element alone is all cancellation: x - mean is the rounding of the
             * mean over sqrt(eps). */
            const double right =
                ((double)x[c] - mean) * inverse * (double)gain[c] + (double)bias[c];
            const double bound =
                u * ((double)(n + 8) * 4.0 * inverse * fabs((double)gain[c]) * 2.0 + 8.0);
            CU_ASSERT(fabs((double)y[c] - right) <= bound);
        }
        CU_ASSERT_EQUAL(y[n], 42.0f);
    }
}

static void test_dots(void)
{
    static float x[2][MOST], v[RANK * (MOST + 5)];
    fill(x[0], 2 * MOST, 1);
    fill(v, RANK * (MOST + 5), 2);
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < N_SIZES; i++)
        for (int64_t n_out = 1; n_out <= RANK; n_out++) {
            const int64_t n = sizes[i], ldv = MOST + 5;
            float t[3][RANK + 1];
            t[0][n_out] = t[1][n_out] = t[2][n_out] = 42.0f;
            k->dots(x[0], n, v, ldv, n_out, t[0]);
            k->dots_two(x[0], x[1], n, v, ldv, n_out, t[1], t[2]);
            for (int which = 0; which < 3; which++) {
                const float *row = x[which == 2];
                for (int64_t j = 0; j < n_out; j++) {
                    double sum = 0.0, magnitude = 0.0;
                    for (int64_t c = 0; c < n; c++) {
                        sum += (double)row[c] * (double)v[j * ldv + c];
                        magnitude += fabs((double)row[c] * (double)v[j * ldv + c]);
                    }
                    CU_ASSERT(fabs((double)t[which][j] - sum) <= (double)(n + 1) * u * magnitude);
                }
                CU_ASSERT_EQUAL(t[which][n_out], 42.0f);
            }
        }
}

static void test_add_rank(void)
{
    static float base[MOST], t[RANK], v[RANK * (MOST + 5)], y[MOST + 1];
    fill(base, MOST, 1);
    fill(t, RANK, 2);
    fill(v, RANK * (MOST + 5), 3);
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < N_SIZES; i++)
        for (int mode = 0; mode < 3; mode++) { /* onto another row, in place, onto nothing */
            const int64_t n = sizes[i], ldu = MOST + 5;
            memcpy(y, base, sizeof base);
            y[n] = 42.0f;
            k->add_rank(mode == 0 ? base : mode == 1 ? y : NULL, t, RANK, v, ldu, n, y);
            for (int64_t o = 0; o < n; o++) {
                double sum = mode == 2 ? 0.0 : (double)base[o], magnitude = fabs(sum);
                for (int e = 0; e < RANK; e++) {
                    sum += (double)t[e] * (double)v[e * ldu + o];
                    magnitude += fabs((double)t[e] * (double)v[e * ldu + o]);
                }
                CU_ASSERT(fabs((double)y[o] - sum) <= (RANK + 1) * u * magnitude);
            }
            CU_ASSERT_EQUAL(y[n], 42.0f);
        }
}

/* Sums beyond 2^24, which fp32 rounds; in place too. */
static void test_add_sums(void)
{
    static float base[MOST], scales[MOST], y[MOST + 1];
    static int32_t sums[MOST], excess[MOST];
    fill(base, MOST, 1);
    fill(scales, MOST, 2);
    for (int64_t o = 0; o < MOST; o++) {
        sums[o] = (int32_t)(o * 7919 % 40009 - 20000) * 3001;
        excess[o] = (int32_t)(o * 104729 % 997) * 127;
    }
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < 2 * N_SIZES; i++) {
        const int64_t n = sizes[i / 2];
        const float scale = 0.37f;
        y[n] = 42.0f;
        memcpy(y, base, (size_t)n * sizeof *y);
        k->add_sums(i % 2 ? y : base, sums, excess, scale, scales, n, y);
        for (int64_t o = 0; o < n; o++) {
            const double product =
                (double)scale * (double)scales[o] * ((double)sums[o] - (double)excess[o]);
            /* three roundings of the product and one of the sum */
            CU_ASSERT(fabs((double)y[o] - ((double)base[o] + product)) <=
                      4 * u * (fabs(product) + fabs((double)base[o])));
        }
        CU_ASSERT_EQUAL(y[n], 42.0f);
    }
}

/* In chunks of odd sizes, with large and small values and a rising maximum. */
static void test_logsumexp(void)
{
    static float x[MOST];
    const float offsets[] = {0.0f, 80.0f, -90.0f, 5000.0f};
    FOR_EACH_VARIANT(k)
    for (size_t shift = 0; shift < sizeof offsets / sizeof offsets[0]; shift++) {
        fill(x, MOST, 1);
        double max = -INFINITY, sum = 0.0;
        for (int c = 0; c < MOST; c++) {
            x[c] = x[c] * 6.0f + offsets[shift] + (float)c * 0.05f;
            max = fmax(max, (double)x[c]);
        }
        for (int c = 0; c < MOST; c++)
            sum += exp((double)x[c] - max);
        float running = -INFINITY;
        double total = 0.0;
        for (int64_t begin = 0, i = 0; begin < MOST; begin += sizes[i % N_SIZES], i++) {
            const int64_t n = sizes[i % N_SIZES];
            k->logsumexp(x + begin, n < MOST - begin ? n : MOST - begin, &running, &total);
        }
        CU_ASSERT_EQUAL(running, (float)max);
        /* An exponential errs by two units, its argument by half a unit of at most 87; the sum adds
         * a few. */
        CU_ASSERT(fabs((double)running + log(total) - (max + log(sum))) <= 60.0 * u);
    }
    float nan_at_end[] = {1.0f, 2.0f, NAN};
    for (int64_t i = 0; zg_runtime_kernels_at(i); i++) {
        float max = -INFINITY;
        double sum = 0.0;
        zg_runtime_kernels_at(i)->logsumexp(nan_at_end, 3, &max, &sum);
        CU_ASSERT(isnan((double)max + log(sum)));
        const float more[] = {1.0f, 5.0f};
        zg_runtime_kernels_at(i)->logsumexp(more, 2, &max, &sum);
        CU_ASSERT(isnan((double)max + log(sum))); /* numbers that follow do not heal it */
    }
}

static void test_epilogue(void)
{
    float x[MOST], bias[MOST], residual[MOST], y[MOST + 1];
    fill(x, MOST, 1);
    fill(bias, MOST, 2);
    fill(residual, MOST, 3);
    x[0] = NAN;
    FOR_EACH_VARIANT(k)
    for (int i = 0; i < N_SIZES; i++)
        for (int mode = 0; mode < 8; mode++) {
            const int64_t n = sizes[i];
            memcpy(y, x, sizeof x);
            y[n] = 42.0f;
            k->epilogue(y, n, mode & 1 ? bias : NULL, mode & 2, mode & 4 ? residual : NULL);
            for (int64_t o = 0; o < n; o++) {
                float right = mode & 1 ? x[o] + bias[o] : x[o];
                right = (mode & 2) && right < 0.0f ? 0.0f : right;
                right = mode & 4 ? right + residual[o] : right;
                CU_ASSERT(y[o] == right ||
                          (isnan(right) && isnan(y[o]))); /* the same roundings: equal */
            }
            CU_ASSERT_EQUAL(y[n], 42.0f);
        }
}

/* One head, odd head sizes, 1 to 9 queries whose key counts are not in order. */
static void attend(const struct zg_runtime_kernels *k, int64_t head_dim, int64_t n_queries,
                   int32_t most)
{
    enum { LDK = 144, LDV = 80, LDQ = 70, QUERIES = 9 };
    static float q[QUERIES * LDQ], keys[LDK * LDV], kt[LDV * LDK], v[LDK * LDV],
        p[ZG_ATTENTION_QUERIES * LDK], out[QUERIES * LDQ];
    int32_t n_keys[QUERIES];
    fill(q, QUERIES * LDQ, 1);
    fill(keys, LDK * LDV, 2);
    fill(v, LDK * LDV, 3);
    for (int i = 0; i < QUERIES; i++)
        n_keys[i] = 1 + (most - 1) * ((i * 5) % QUERIES) / (QUERIES - 1);
    for (int64_t c = 0; c < head_dim; c++)
        for (int64_t key = 0; key < LDK; key++)
            kt[c * LDK + key] = key < most ? keys[key * LDV + c] : NAN; /* never looked at */
    for (int i = 0; i < QUERIES * LDQ; i++)
        out[i] = 42.0f;
    const float scale = 1.0f / sqrtf((float)head_dim);
    const struct zg_attention_task task = {q,   LDQ, n_queries, n_keys, scale, head_dim, kt,
                                           LDK, v,   LDV,       p,      out,   LDQ};
    k->attention(&task);
    for (int64_t i = 0; i < n_queries; i++) {
        double s[LDK], sum = 0.0, magnitude = 0.0, norm = 0.0;
        for (int32_t key = 0; key < n_keys[i]; key++) {
            s[key] = 0.0;
            norm = 0.0;
            for (int64_t c = 0; c < head_dim; c++) {
                s[key] += (double)scale * (double)q[i * LDQ + c] * (double)keys[key * LDV + c];
                norm += fabs((double)scale * (double)q[i * LDQ + c] * (double)keys[key * LDV + c]);
            }
            magnitude = fmax(magnitude, norm);
        }
        for (int32_t key = 0; key < n_keys[i]; key++)
            sum += exp(s[key]);
        for (int64_t c = 0; c < head_dim; c++) {
            double right = 0.0, weight = 0.0;
            for (int32_t key = 0; key < n_keys[i]; key++) {
                right += exp(s[key]) / sum * (double)v[key * LDV + c];
                weight += exp(s[key]) / sum * fabs((double)v[key * LDV + c]);
            }
            /* A score's error moves its weight by as much, relative, and the sum of weights too;
             * the exponential adds 4 u, the two sums over keys their n u. */
            const double relative =
                2.0 * ((double)(head_dim + 2) * magnitude + 4.0 + (double)n_keys[i]) * u;
            CU_ASSERT(fabs((double)out[i * LDQ + c] - right) <= relative * weight);
        }
        for (int64_t c = head_dim; c < LDQ; c++)
            CU_ASSERT_EQUAL(out[i * LDQ + c], 42.0f);
    }
}

static void test_attention(void)
{
    const int64_t head_dims[] = {1, 5, 8, 16, 20, 64, 67};
    const int32_t key_counts[] = {1, 2, 15, 16, 17, 33, 130};
    FOR_EACH_VARIANT(k)
    for (int h = 0; h < 7; h++)
        for (int n = 0; n < 7; n++)
            for (int64_t queries = 1; queries <= 9; queries++)
                attend(k, head_dims[h], queries, key_counts[n]);
}

static void test_choice(void)
{
    const struct zg_runtime_kernels *k = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_runtime_kernels_choose(&k, &err), ZG_OK);
    CU_ASSERT(k && k->isa <= zg_cpu_isa());
    CU_ASSERT_EQUAL(zg_runtime_kernels_at(0)->isa, ZG_ISA_PORTABLE);
    CU_ASSERT_PTR_NULL(zg_runtime_kernels_at(-1));
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"layer norm", test_layer_norm},
        {"dot products", test_dots},
        {"add_sums", test_add_sums},
        {"low-rank terms", test_add_rank},
        {"log-sum-exp", test_logsumexp},
        {"epilogue", test_epilogue},
        {"attention", test_attention},
        {"choice of variant", test_choice},
        {NULL, NULL},
    };
    return zg_test_run("engines/runtime/kernels", tests);
}
