/*
 * kernels_rows.h - the row kernels of kernels.h, included once by each ISA file after simd.h.
 */
#include "engines/model.h"

static void layer_norm(const float *x, const float *gain, const float *bias, int64_t n, float *y)
{
    const int64_t whole = n - n % LANES;
    /* Four chains of additions: the next vector need not wait for the last sum. */
    vec sums[4] = {{0}};
    int64_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int c = 0; c < 4; c++)
            sums[c] += vec_load(x + i + c * LANES);
    for (; i < whole; i += LANES)
        sums[0] += vec_load(x + i);
    double total = (double)vec_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    for (; i < n; i++)
        total += (double)x[i];
    const float mean = (float)(total / (double)n);

    /* A second pass over a row that is in L1: sum of squares minus square of sums would cancel. */
    vec squares[4] = {{0}};
    for (i = 0; i + 4 * LANES <= n; i += 4 * LANES)
        for (int c = 0; c < 4; c++) {
            const vec centred = vec_load(x + i + c * LANES) - mean;
            squares[c] += centred * centred;
        }
    for (; i < whole; i += LANES) {
        const vec centred = vec_load(x + i) - mean;
        squares[0] += centred * centred;
    }
    total = (double)vec_sum((squares[0] + squares[1]) + (squares[2] + squares[3]));
    for (; i < n; i++)
        total += (double)((x[i] - mean) * (x[i] - mean));
    const float inverse = (float)(1.0 / sqrt(total / (double)n + (double)ZG_LAYER_NORM_EPS));

    for (i = 0; i < whole; i += LANES)
        vec_store(y + i,
                  (vec_load(x + i) - mean) * inverse * vec_load(gain + i) + vec_load(bias + i));
    for (; i < n; i++)
        y[i] = (x[i] - mean) * inverse * gain[i] + bias[i];
}

/* `n_out` is a constant in each inlined copy, so that the accumulators live in registers; two per
 * product, because a chain of multiply-adds waits four cycles for each. */
static inline __attribute__((always_inline)) void
dots_some(const float *x, int64_t n, const float *v, int64_t ldv, int n_out, float *t)
{
    vec even[4] = {{0}}, odd[4] = {{0}};
    int64_t k = 0;
    for (; k + 2 * LANES <= n; k += 2 * LANES) {
        const vec x0 = vec_load(x + k), x1 = vec_load(x + k + LANES);
        for (int j = 0; j < n_out; j++) {
            even[j] += x0 * vec_load(v + j * ldv + k);
            odd[j] += x1 * vec_load(v + j * ldv + k + LANES);
        }
    }
    for (int j = 0; j < n_out; j++) {
        double sum = (double)vec_sum(even[j] + odd[j]);
        for (int64_t i = k; i < n; i++)
            sum += (double)x[i] * (double)v[j * ldv + i];
        t[j] = (float)sum;
    }
}

static void dots(const float *x, int64_t n, const float *v, int64_t ldv, int64_t n_out, float *t)
{
    int64_t j = 0;
    for (; j + 4 <= n_out; j += 4)
        dots_some(x, n, v + j * ldv, ldv, 4, t + j);
    if (n_out - j >= 2) {
        dots_some(x, n, v + j * ldv, ldv, 2, t + j);
        j += 2;
    }
    if (n_out - j >= 1)
        dots_some(x, n, v + j * ldv, ldv, 1, t + j);
}

/* Two rows have chains enough from three products on; below, each is split as above. */
static inline __attribute__((always_inline)) void dots_two_some(const float *x0, const float *x1,
                                                                int64_t n, const float *v,
                                                                int64_t ldv, int n_out, float *t0,
                                                                float *t1)
{
    const int n_chains = n_out < 3 ? 2 : 1;
    vec sums0[6] = {{0}}, sums1[6] = {{0}}; /* [n_out][n_chains] */
    int64_t k = 0;
    for (; k + n_chains * LANES <= n; k += n_chains * LANES)
        for (int c = 0; c < n_chains; c++) {
            const vec a0 = vec_load(x0 + k + c * LANES), a1 = vec_load(x1 + k + c * LANES);
            for (int j = 0; j < n_out; j++) {
                const vec b = vec_load(v + j * ldv + k + c * LANES);
                sums0[j * n_chains + c] += a0 * b;
                sums1[j * n_chains + c] += a1 * b;
            }
        }
    for (int j = 0; j < n_out; j++) {
        const int first = j * n_chains, last = first + n_chains - 1;
        double total0 = (double)vec_sum(n_chains > 1 ? sums0[first] + sums0[last] : sums0[first]);
        double total1 = (double)vec_sum(n_chains > 1 ? sums1[first] + sums1[last] : sums1[first]);
        for (int64_t i = k; i < n; i++) {
            total0 += (double)x0[i] * (double)v[j * ldv + i];
            total1 += (double)x1[i] * (double)v[j * ldv + i];
        }
        t0[j] = (float)total0;
        t1[j] = (float)total1;
    }
}

static void dots_two(const float *x0, const float *x1, int64_t n, const float *v, int64_t ldv,
                     int64_t n_out, float *t0, float *t1)
{
    int64_t j = 0;
    /* Six products of two rows: twelve sums, two rows and a column fill AVX2's sixteen
     * registers. */
    for (; j + 6 <= n_out; j += 6)
        dots_two_some(x0, x1, n, v + j * ldv, ldv, 6, t0 + j, t1 + j);
    for (; j + 3 <= n_out; j += 3)
        dots_two_some(x0, x1, n, v + j * ldv, ldv, 3, t0 + j, t1 + j);
    for (; j + 2 <= n_out; j += 2)
        dots_two_some(x0, x1, n, v + j * ldv, ldv, 2, t0 + j, t1 + j);
    if (j < n_out)
        dots_two_some(x0, x1, n, v + j * ldv, ldv, 1, t0 + j, t1 + j);
}

static void add_rank(const float *base, const float *t, int64_t rank, const float *u, int64_t ldu,
                     int64_t n, float *y)
{
    const int64_t whole = n - n % LANES;
    for (int64_t o = 0; o < whole; o += LANES) {
        vec sum = base ? vec_load(base + o) : vec_splat(0.0f);
        for (int64_t e = 0; e < rank; e++)
            sum += t[e] * vec_load(u + e * ldu + o);
        vec_store(y + o, sum);
    }
    for (int64_t o = whole; o < n; o++) {
        float sum = base ? base[o] : 0.0f;
        for (int64_t e = 0; e < rank; e++)
            sum += t[e] * u[e * ldu + o];
        y[o] = sum;
    }
}

static void add_sums(const float *base, const int32_t *sums, const int32_t *excess, float scale,
                     const float *scales, int64_t n, float *y)
{
    const int64_t whole = n - n % LANES;
    for (int64_t o = 0; o < whole; o += LANES) {
        ivec a, b;
        memcpy(&a, sums + o, sizeof a);
        memcpy(&b, excess + o, sizeof b);
        const vec sum = __builtin_convertvector(a - b, vec);
        vec_store(y + o, vec_load(base + o) + scale * vec_load(scales + o) * sum);
    }
    for (int64_t o = whole; o < n; o++)
        y[o] = base[o] + scale * scales[o] * (float)(sums[o] - excess[o]);
}

static void logsumexp(const float *x, int64_t n, float *max, double *sum)
{
    const int64_t whole = n - n % LANES;
    float top = *max;
    if (whole > 0) {
        vec tops = vec_load(x);
        for (int64_t i = LANES; i < whole; i += LANES)
            tops = vec_max(tops, vec_load(x + i));
        const float lane = vec_max_lane(tops);
        top = lane > top ? lane : top;
    }
    for (int64_t i = whole; i < n; i++)
        top = x[i] > top ? x[i] : top;

    /* A sum that is NaN stays one; the first call has 0, and a max of minus infinity. */
    double total = *sum != 0.0 ? *sum * exp((double)*max - (double)top) : 0.0;
    vec sums = {0};
    for (int64_t i = 0; i < whole; i += LANES)
        sums += vec_exp(vec_load(x + i) - top);
    total += (double)vec_sum(sums);
    for (int64_t i = whole; i < n; i++)
        total += exp((double)x[i] - (double)top);
    *max = top;
    *sum = total;
}

static inline __attribute__((always_inline)) void
epilogue_some(float *y, int64_t n, const float *bias, int relu, const float *residual)
{
    const int64_t whole = n - n % LANES;
    for (int64_t o = 0; o < whole; o += LANES) {
        vec a = vec_load(y + o);
        if (bias)
            a += vec_load(bias + o);
        if (relu)
            a = vec_select(a < 0.0f, vec_splat(0.0f), a); /* NaN is not below 0 and stays */
        if (residual)
            a += vec_load(residual + o);
        vec_store(y + o, a);
    }
    for (int64_t o = whole; o < n; o++) {
        float a = y[o] + (bias ? bias[o] : 0.0f);
        if (relu)
            a = a < 0.0f ? 0.0f : a;
        y[o] = a + (residual ? residual[o] : 0.0f);
    }
}

static void epilogue(float *y, int64_t n, const float *bias, int relu, const float *residual)
{
    if (!bias && relu && !residual)
        epilogue_some(y, n, NULL, 1, NULL);
    else if (bias && !relu && !residual)
        epilogue_some(y, n, bias, 0, NULL);
    else
        epilogue_some(y, n, bias, relu, residual);
}
