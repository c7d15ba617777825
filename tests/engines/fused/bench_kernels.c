/*
 * bench_kernels.c - GFLOP/s, share of the FMA peak and residual of the provider fused, one line a
 * shape.
 *
 *     bench_kernels [--threads N] [--isa NAME] [--dtype NAME] [--model NAME] [--layers N]
 *     [--repeats N] [--not-packed] [--cpu-time] [ROWS...]
 *
 * --cpu-time counts the thread's processor time, which other programs disturb less; it needs one
 * thread.
 *
 * Weights are those of `--layers` different layers in turn, so that they come from memory as they
 * do in a step.  GFLOP/s are the best and the median of the repeats.  Each repeat runs between two
 * runs of the FMA peak and is compared with these, so that a clock that moves and neighbours that
 * come and go cancel out; the shares of peak are the median and the upper quartile over the
 * repeats.  The residual is the largest error against sums in double over some outputs, relative to
 * the sum of the terms' magnitudes (2^-24 = 6e-8 is one rounding).  Below fp32 the peak is that of
 * the dtype's products, or of FMAs where the ISA has none, rounding x is part of the time, and the
 * residual is that of x rounded: the panel's weights are taken as they are.
 */
#include <getopt.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engines/base/arena.h"
#include "harness/peak/peak_kernels.h"
#include "tests/engines/fused/guard.h"
#include "tests/engines/fused/shapes.h"
#include "tests/engines/fused/words.h"

/* Seconds on a clock: CLOCK_MONOTONIC, or CLOCK_THREAD_CPUTIME_ID where others use the machine and
 * one thread is measured. */
static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What `zogap run` measures the machine's peak by, in the variant's dtype and ISA. */
static const struct zg_peak_loop *peak_loop(const struct zg_kernels *kernels)
{
#if defined(__x86_64__)
    if (kernels->isa == ZG_ISA_AMX)
        return kernels->dtype == ZG_BF16 ? &zg_peak_bf16_amx : &zg_peak_int8_amx;
    if (kernels->isa == ZG_ISA_AVX512BF16 && kernels->dtype != ZG_FP32)
        return kernels->dtype == ZG_BF16 ? &zg_peak_bf16_avx512bf16 : &zg_peak_int8_avx512bf16;
    if (kernels->isa == ZG_ISA_AVX2 && kernels->dtype == ZG_INT8)
        return &zg_peak_int8_avx2;
    if (kernels->isa >= ZG_ISA_AVX2)
        return kernels->isa >= ZG_ISA_AVX512 ? &zg_peak_avx512.fma : &zg_peak_avx2.fma;
#endif
    (void)kernels;
    return &zg_peak_portable.fma;
}

/* GFLOP/s of n_threads threads together, the roof of every kernel, in a run of a fraction of a
 * millisecond. */
static double peak_gflops(const struct zg_kernels *kernels, int64_t n_threads, clockid_t clock)
{
    enum { N_ITERATIONS = 100000 };
    const struct zg_peak_loop *fma = peak_loop(kernels);
    volatile float sink; /* the sums are asked for, so the loops stay */
    float sum = 0.0f;
    const double start = seconds(clock);
#pragma omp parallel num_threads((int)n_threads) reduction(+ : sum)
    sum += fma->run(N_ITERATIONS, fma->a, fma->b);
    const double s = seconds(clock) - start;
    sink = sum;
    (void)sink;
    return 1e-9 * (double)(n_threads * N_ITERATIONS * fma->flops_per_iteration) / s;
}

enum { N_EXTRA = 6, MAX_REPEATS = 1000, MAX_LAYERS = 64 };

struct bench {
    struct zg_provider_state *state;
    const struct zg_model *model;
    int64_t n_layers, n_repeats, n_threads;
    const struct zg_kernels *kernels;
    clockid_t clock;
    float *x, *y; /* [rows][largest row] */
};

/* What the repeats of one product took, and the peak around each. */
struct samples {
    double gflop; /* of one product */
    int64_t n;
    double rates[MAX_REPEATS];  /* GFLOP/s */
    double shares[MAX_REPEATS]; /* of the mean of the peaks before and after */
    double peak;                /* after the last repeat */
};

static double gflop_of(int64_t rows, int64_t n_out, int64_t n_in)
{
    return 2e-9 * (double)rows * (double)n_out * (double)n_in;
}

static void samples_begin(const struct bench *b, struct samples *s, double gflop)
{
    s->gflop = gflop;
    s->n = 0;
    s->peak = peak_gflops(b->kernels, b->n_threads, b->clock);
}

static void samples_add(const struct bench *b, struct samples *s, double wall_s)
{
    const double before = s->peak;
    s->peak = peak_gflops(b->kernels, b->n_threads, b->clock);
    s->rates[s->n] = s->gflop / wall_s;
    s->shares[s->n] = 2.0 * s->rates[s->n] / (before + s->peak);
    s->n++;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* residual < 0: not measured. */
static void report(const char *name, int64_t rows, int64_t n_out, int64_t n_in, struct samples *s,
                   double residual)
{
    const size_t n = (size_t)s->n;
    qsort(s->rates, n, sizeof *s->rates, compare);
    qsort(s->shares, n, sizeof *s->shares, compare);
    printf("%-8s %4lld x %5lld x %5lld  best %7.1f median %7.1f GFLOP/s  of peak %5.1f %% (upper "
           "quartile %5.1f %%)",
           name, (long long)rows, (long long)n_out, (long long)n_in, s->rates[n - 1],
           s->rates[n / 2], 100.0 * s->shares[n / 2], 100.0 * s->shares[n - 1 - n / 4]);
    if (residual >= 0.0)
        printf("  residual %.1e", residual);
    printf("\n");
}

/* Largest error of the last gemm on some outputs, relative to the magnitude of their terms. */
static double residual_of(const struct bench *b, const struct zg_gemm *g, const struct shape *s,
                          const float *extra)
{
    double worst = 0.0;
    const enum zg_dtype dtype = b->kernels->dtype;
    float *w = malloc((size_t)s->n_in * sizeof(float));
    float *rounded = malloc((size_t)s->n_in * sizeof(float));
    if (!w || !rounded)
        abort();
    for (int64_t o = 0; o < s->n_groups * s->n_out; o += 97) {
        const int64_t group = o / s->n_out;
        zg_fused_read(b->state, g->w, group, o % s->n_out, 1, w, s->n_in);
        for (int64_t i = 0; i < g->n_rows; i += 5) {
            const float *x = g->x + i * g->ldx;
            const double scale = (double)test_round_row(dtype, x, s->n_in, rounded);
            double sum = 0.0, magnitude = 0.0;
            for (int64_t k = 0; k < s->n_in + N_EXTRA; k++) {
                const bool is_extra = k >= s->n_in;
                const double term = is_extra ? (double)extra[o * N_EXTRA + k - s->n_in] *
                                                   (double)x[k + group * N_EXTRA]
                                             : (double)w[k] * (double)rounded[k] * scale;
                sum += term;
                magnitude += fabs(term);
            }
            if (s->epilogue == ZG_EPILOGUE_RELU && sum < 0.0)
                sum = 0.0;
            const double error = fabs((double)g->y[i * g->ldy + o] - sum);
            worst = fmax(worst, error / magnitude);
        }
    }
    free(w);
    free(rounded);
    return worst;
}

static void bench_gemm(const struct bench *b, const struct shape *s, int64_t rows)
{
    const int64_t n_out = s->n_groups * s->n_out, ldx = zg_round_up(s->n_in + 3 * N_EXTRA, 16);
    struct zg_panel *panels[MAX_LAYERS];
    uint64_t seed = 3;
    float *extra = malloc((size_t)(n_out * N_EXTRA) * sizeof(float));
    if (!extra)
        abort();
    for (int64_t i = 0; i < n_out * N_EXTRA; i++)
        extra[i] = test_uniform(&seed);
    for (int64_t i = 0; i < rows * ldx; i++)
        b->x[i] = test_uniform(&seed);
    panels_open(b->state, s, b->kernels->dtype, b->model, b->n_layers, extra, N_EXTRA, panels);
    struct zg_gemm g = {.x = b->x,
                        .ldx = ldx,
                        .n_rows = rows,
                        .n_extra = N_EXTRA,
                        .epilogue = s->epilogue,
                        .residual = b->y, /* in place, as the runtime adds to the residual stream */
                        .ldr = n_out,
                        .y = b->y,
                        .ldy = n_out};
    g.w = panels[0];
    zg_fused_gemm(b->state, &g);
    struct samples samples;
    samples_begin(b, &samples, gflop_of(rows, n_out, s->n_in + N_EXTRA));
    for (int64_t r = 0; r < b->n_repeats; r++) {
        g.w = panels[(r + 1) % b->n_layers];
        const double start = seconds(b->clock);
        zg_fused_gemm(b->state, &g);
        samples_add(b, &samples, seconds(b->clock) - start);
    }
    memset(b->y, 0, (size_t)(rows * n_out) * sizeof(float)); /* as residual: nothing added up */
    zg_fused_gemm(b->state, &g);
    report(s->name, rows, n_out, s->n_in + N_EXTRA, &samples, residual_of(b, &g, s, extra));
    for (int64_t l = 0; l < b->n_layers; l++)
        zg_fused_unpack(&panels[l]);
    free(extra);
}

static void bench_head(const struct bench *b, int64_t rows)
{
    const struct zg_model_shape *shape = zg_model_shape(b->model);
    const int64_t n_out = shape->n_vocab, n_in = shape->d_model;
    float *w = NULL;
    struct samples samples;
    if (zg_buffer_alloc((void **)&w, n_out * n_in, (int64_t)sizeof(float), "head", NULL))
        abort();
    zg_model_read(b->model, ZG_T_HEAD, 0, n_out, w, n_in);
    enum { SLICE = 1024 }; /* of the vocabulary, as the runtime streams it */
    samples_begin(b, &samples, gflop_of(rows, n_out, n_in));
    for (int64_t r = 0; r < b->n_repeats; r++) {
        const double start = seconds(b->clock);
        for (int64_t o = 0; o < n_out; o += SLICE)
            zg_fused_gemm_rowmajor(b->state, w + o * n_in, n_in, zg_min64(SLICE, n_out - o), n_in,
                                   b->x, n_in, rows, b->y, SLICE);
        samples_add(b, &samples, seconds(b->clock) - start);
    }
    report("head", rows, n_out, n_in, &samples, -1.0);
    printf("         head weights at %.1f GB/s at best\n",
           2.0 * samples.rates[samples.n - 1] / (double)rows); /* 4 bytes serve 2 * rows FLOPs */
    zg_buffer_free(w);
}

static int usage(void)
{
    fprintf(stderr, "usage: bench_kernels [--threads N] [--isa NAME] [--dtype NAME] [--model NAME] "
                    "[--layers N] [--repeats N] [--not-packed] [--cpu-time] [ROWS...]\n");
    return ZG_USAGE;
}

/* The last variant that this machine can run, of that name unless isa is NULL; or NULL. */
static const struct zg_kernels *choose(const char *dtype, const char *isa)
{
    const struct zg_kernels *kernels, *best = NULL;
    for (int64_t i = 0; (kernels = zg_kernels_at(i)); i++)
        if (kernels->isa <= zg_cpu_isa() && strcmp(dtype, zg_dtype_name(kernels->dtype)) == 0 &&
            (!isa || strcmp(isa, kernels->name) == 0))
            best = kernels;
    return best;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                            {"isa", required_argument, NULL, 'i'},
                                            {"model", required_argument, NULL, 'm'},
                                            {"layers", required_argument, NULL, 'l'},
                                            {"cpu-time", no_argument, NULL, 'c'},
                                            {"repeats", required_argument, NULL, 'r'},
                                            {"not-packed", no_argument, NULL, 'n'},
                                            {"dtype", required_argument, NULL, 'd'},
                                            {NULL, 0, NULL, 0}};
    const char *isa = NULL, *name = "opt-125m", *dtype = "fp32";
    int64_t n_threads = omp_get_max_threads();
    struct bench b = {.n_layers = 12, .n_repeats = 48, .clock = CLOCK_MONOTONIC};
    bool packed = true;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 't':
            n_threads = atoll(optarg);
            break;
        case 'i':
            isa = optarg;
            break;
        case 'd':
            dtype = optarg;
            break;
        case 'm':
            name = optarg;
            break;
        case 'l':
            b.n_layers = atoll(optarg);
            break;
        case 'r':
            b.n_repeats = atoll(optarg);
            break;
        case 'c':
            b.clock = CLOCK_THREAD_CPUTIME_ID;
            break;
        case 'n':
            packed = false;
            break;
        default:
            return usage();
        }
    if (n_threads < 1 || b.n_layers < 1 || b.n_layers > MAX_LAYERS || b.n_repeats < 1 ||
        b.n_repeats > MAX_REPEATS || (b.clock != CLOCK_MONOTONIC && n_threads != 1))
        return usage();

    struct zg_error err = {0};
    struct zg_model *model = NULL;
    const struct zg_kernels *kernels = choose(dtype, isa);
    if (!kernels) {
        fprintf(stderr, "--dtype %s --isa %s: this machine or build has no such kernels\n", dtype,
                isa ? isa : "best");
        return ZG_USAGE;
    }
    if (zg_model_open(&model, name, 1, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.status;
    }
    const struct zg_model_shape *m = zg_model_shape(model);
    b.model = model;
    b.n_layers = zg_min64(b.n_layers, m->n_layers);
    const int64_t defaults[] = {16, 32, 64, 199, 420, 840};
    const int64_t n_rows = optind < argc ? argc - optind : 6;
    int64_t max_rows = 1;
    for (int64_t i = 0; i < n_rows; i++)
        max_rows = zg_max64(max_rows, optind < argc ? atoll(argv[optind + i]) : defaults[i]);
    const int64_t widest = zg_max64(zg_max64(m->d_ffn, 3 * m->d_model), 1024) + 64;
    const struct zg_provider_options o = {.dtypes = 1u << kernels->dtype,
                                          .n_threads = n_threads,
                                          .max_rows = max_rows,
                                          .max_in = zg_max64(m->d_ffn, m->d_model),
                                          .max_extra = N_EXTRA,
                                          .packed = packed};
    if (zg_buffer_alloc((void **)&b.x, max_rows * widest, (int64_t)sizeof(float), "x", &err) ||
        zg_buffer_alloc((void **)&b.y, max_rows * widest, (int64_t)sizeof(float), "y", &err) ||
        zg_fused_open_on(&b.state, &o, kernels, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.status;
    }
    memset(b.y, 0, (size_t)(max_rows * widest) * sizeof(float));
    struct shape shapes[N_SHAPES];
    shapes_of(m, shapes);
    b.kernels = kernels;
    b.n_threads = n_threads;
    printf("%s %s, %lld threads, peak of its products %.1f GFLOP/s\n",
           zg_dtype_name(kernels->dtype), kernels->name, (long long)n_threads,
           peak_gflops(kernels, n_threads, b.clock));
    for (int s = 0; s < N_SHAPES; s++)
        for (int64_t i = 0; i < n_rows; i++)
            bench_gemm(&b, &shapes[s], optind < argc ? atoll(argv[optind + i]) : defaults[i]);
    bench_head(&b, zg_min64(32, max_rows));
    zg_provider_fused.close(&b.state);
    zg_buffer_free(b.x);
    zg_buffer_free(b.y);
    zg_model_close(&model);
    return 0;
}
