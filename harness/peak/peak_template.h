/*
 * peak_template.h - the kernels of peak_kernels.h for one ISA.  The including file defines:
 *
 *     NAME           zg_peak_kernel object to define
 *     ISA            enum zg_isa
 *     VEC            vector type          LANES      floats in it
 *     SET1(x)        broadcast            LOAD(p)    aligned load
 *     FMA(x, a, b)   x * a + b            ADD(x, y)
 *     STREAM(p, x)   aligned store, without reading the line first where the ISA can
 */
#include "harness/peak/peak_kernels.h"

static float lanes_sum(VEC v)
{
    union {
        VEC v;
        float lane[LANES];
    } u = {.v = v};
    float sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += u.lane[i];
    return sum;
}

static float fma_loop(int64_t n_iterations, float a, float b)
{
    const VEC va = SET1(a), vb = SET1(b);
#define X(i) VEC acc##i = SET1((float)i);
    ZG_PEAK_EACH(X)
#undef X
    for (int64_t n = 0; n < n_iterations; n++) {
#define X(i) acc##i = FMA(acc##i, va, vb);
        ZG_PEAK_EACH(X)
#undef X
    }
    VEC sum = SET1(0.0f);
#define X(i) sum = ADD(sum, acc##i);
    ZG_PEAK_EACH(X)
#undef X
    return lanes_sum(sum);
}

static float read_loop(const float *x, int64_t n_floats)
{
    VEC s0 = SET1(0.0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    for (int64_t i = 0; i < n_floats; i += 8 * LANES) {
        s0 = ADD(s0, LOAD(x + i + 0 * LANES));
        s1 = ADD(s1, LOAD(x + i + 1 * LANES));
        s2 = ADD(s2, LOAD(x + i + 2 * LANES));
        s3 = ADD(s3, LOAD(x + i + 3 * LANES));
        s4 = ADD(s4, LOAD(x + i + 4 * LANES));
        s5 = ADD(s5, LOAD(x + i + 5 * LANES));
        s6 = ADD(s6, LOAD(x + i + 6 * LANES));
        s7 = ADD(s7, LOAD(x + i + 7 * LANES));
    }
    return lanes_sum(ADD(ADD(ADD(s0, s1), ADD(s2, s3)), ADD(ADD(s4, s5), ADD(s6, s7))));
}

static void copy_loop(float *to, const float *from, int64_t n_floats)
{
    for (int64_t i = 0; i < n_floats; i += 4 * LANES) {
        STREAM(to + i + 0 * LANES, LOAD(from + i + 0 * LANES));
        STREAM(to + i + 1 * LANES, LOAD(from + i + 1 * LANES));
        STREAM(to + i + 2 * LANES, LOAD(from + i + 2 * LANES));
        STREAM(to + i + 3 * LANES, LOAD(from + i + 3 * LANES));
    }
}

const struct zg_peak_kernel NAME = {
    .isa = ISA,
    .fma = {.isa = ISA,
            .flops_per_iteration = 2 * ZG_PEAK_N_ACCUMULATORS * LANES,
            .a = 0.5f,
            .b = 1.0f,
            .run = fma_loop},
    .read = read_loop,
    .copy = copy_loop,
};
