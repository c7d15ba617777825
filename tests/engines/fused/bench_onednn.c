/*
 * bench_onednn.c - fused's products against the best that oneDNN has for the same shapes: a bare
 * matmul of a fixed number of rows, weights packed as oneDNN likes best (format `any`), no bias, no
 * adapters, nothing after it.  fused's come as a step has them: adapter columns of rank 2 for two
 * probes, residual or ReLU included; its FLOPs are counted without the adapters.
 *
 *     bench_onednn [--threads N] [--dtype NAME] [--model NAME] [--repeats N] [ROWS...]
 *
 * The two take turns; a line has the median rates and the median ratio of neighbours, over 1 where
 * fused is faster.  Weights rotate over the layers, so that they come from where they come from in
 * a step.
 */
#include <getopt.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/arena.h"
#include "engines/base/narrow.h"
#include "engines/base/size.h"
#include "engines/dnnl/dnnl_compat.h"
#include "harness/base/clock.h"
#include "harness/stats/stats.h"
#include "tests/engines/fused/guard.h"
#include "tests/engines/fused/shapes.h"

enum { N_EXTRA = 4, N_LAYERS = 12, MAX_REPEATS = 1000 };

struct bench {
    const struct zg_model *model;
    enum zg_dtype dtype;
    int64_t n_threads, n_repeats, n_layers;
    struct zg_provider_state *fused;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    float *x, *y;
};

/* ---- oneDNN ---------------------------------------------------------------------------------- */

/* A matmul of fixed size, and W of every layer in the layout that it asked for. */
struct matmul {
    dnnl_primitive_t primitive;
    dnnl_memory_t x, y, w[N_LAYERS];
};

static void must(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success)
        return;
    fprintf(stderr, "oneDNN: %s: status %d\n", what, (int)status);
    exit(ZG_ENV);
}

static const struct {
    dnnl_data_type_t x, w, y;
} types[ZG_N_DTYPES] = {
    [ZG_FP32] = {dnnl_f32, dnnl_f32, dnnl_f32},
    [ZG_BF16] = {dnnl_bf16, dnnl_bf16, dnnl_f32},
    [ZG_INT8] = {dnnl_u8, dnnl_s8, dnnl_s32},
};

/* Small numbers of the dtype in a memory object: 0, 1, 2, 3 in turn. */
static void fill(dnnl_memory_t memory, enum zg_dtype dtype, int64_t n)
{
    void *data = NULL;
    must(dnnl_memory_get_data_handle(memory, &data), "a handle");
    for (int64_t i = 0; i < n; i++) {
        const float value = (float)(i & 3);
        if (dtype == ZG_FP32)
            ((float *)data)[i] = value;
        else if (dtype == ZG_BF16)
            zg_narrow_choose(ZG_ISA_PORTABLE)->bf16(&value, 1, (uint16_t *)data + i);
        else
            ((int8_t *)data)[i] = (int8_t)value;
    }
}

/* A matrix in the layout that a primitive likes best. */
static dnnl_status_t desc_open_any(struct zg_dnnl_desc *desc, dnnl_data_type_t type, int64_t n_rows,
                                   int64_t n_cols)
{
    const dnnl_dims_t dims = {n_rows, n_cols};
#if DNNL_VERSION_MAJOR >= 3
    desc->md = NULL;
    return dnnl_memory_desc_create_with_tag(&desc->md, 2, dims, type, dnnl_format_tag_any);
#else
    return dnnl_memory_desc_init_by_tag(&desc->md, 2, dims, type, dnnl_format_tag_any);
#endif
}

static void matmul_open(struct matmul *m, const struct bench *b, const struct shape *s,
                        int64_t rows)
{
    const int64_t n_out = s->n_groups * s->n_out;
    struct zg_dnnl_desc x = {0}, w = {0}, y = {0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t desc = NULL;
    must(zg_dnnl_desc_open(&x, types[b->dtype].x, rows, s->n_in, s->n_in, 1), "x");
    must(desc_open_any(&w, types[b->dtype].w, s->n_in, n_out), "W");
    must(zg_dnnl_desc_open(&y, types[b->dtype].y, rows, n_out, n_out, 1), "y");
    must(dnnl_primitive_attr_create(&attr), "attributes");
    must(zg_dnnl_matmul_desc_open(&desc, b->engine, &x, &w, &y, attr), "a matmul");
    must(dnnl_primitive_create(&m->primitive, desc), "a matmul");
    must(zg_dnnl_memory_open(&m->x, &x, b->engine, DNNL_MEMORY_ALLOCATE), "x");
    must(zg_dnnl_memory_open(&m->y, &y, b->engine, DNNL_MEMORY_ALLOCATE), "y");
    fill(m->x, b->dtype, rows * s->n_in);
    for (int64_t l = 0; l < b->n_layers; l++) {
        must(dnnl_memory_create(&m->w[l],
                                dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0),
                                b->engine, DNNL_MEMORY_ALLOCATE),
             "W");
        fill(m->w[l], b->dtype, s->n_in * n_out);
    }
    dnnl_primitive_desc_destroy(desc);
    dnnl_primitive_attr_destroy(attr);
    zg_dnnl_desc_close(&y);
    zg_dnnl_desc_close(&w);
    zg_dnnl_desc_close(&x);
}

static void matmul_run(const struct matmul *m, const struct bench *b, int64_t layer)
{
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, m->x}, {DNNL_ARG_WEIGHTS, m->w[layer]}, {DNNL_ARG_DST, m->y}};
    must(dnnl_primitive_execute(m->primitive, b->stream, 3, args), "a product");
    must(dnnl_stream_wait(b->stream), "a product");
}

static void matmul_close(struct matmul *m, const struct bench *b)
{
    for (int64_t l = 0; l < b->n_layers; l++)
        dnnl_memory_destroy(m->w[l]);
    dnnl_memory_destroy(m->x);
    dnnl_memory_destroy(m->y);
    dnnl_primitive_destroy(m->primitive);
}

/* ---- turns ----------------------------------------------------------------------------------- */

static double since_s(int64_t begin)
{
    return zg_ns_to_s(zg_clock_wall_ns() - begin);
}

static void bench_shape(const struct bench *b, const struct shape *s, int64_t rows)
{
    const int64_t n_out = s->n_groups * s->n_out;
    struct zg_panel *panels[N_LAYERS];
    float *const extra = calloc((size_t)(n_out * N_EXTRA), sizeof *extra);
    if (!extra)
        abort();
    panels_open(b->fused, s, b->dtype, b->model, b->n_layers, extra, N_EXTRA, panels);
    struct zg_gemm g = {.x = b->x,
                        .ldx = zg_round_up(s->n_in + 3 * N_EXTRA, 16),
                        .n_rows = rows,
                        .n_extra = N_EXTRA,
                        .epilogue = s->epilogue,
                        .residual = b->y,
                        .ldr = n_out,
                        .y = b->y,
                        .ldy = n_out};
    struct matmul theirs;
    matmul_open(&theirs, b, s, rows);
    const double gflop = 2e-9 * (double)rows * (double)n_out * (double)s->n_in;
    double fused[MAX_REPEATS], onednn[MAX_REPEATS], ratios[MAX_REPEATS];
    for (int64_t r = -2; r < b->n_repeats; r++) { /* two turns to warm up */
        const int64_t layer = (r + 2) % b->n_layers;
        g.w = panels[layer];
        int64_t begin = zg_clock_wall_ns();
        zg_fused_gemm(b->fused, &g);
        const double fused_s = since_s(begin);
        begin = zg_clock_wall_ns();
        matmul_run(&theirs, b, layer);
        const double onednn_s = since_s(begin);
        if (r < 0)
            continue;
        fused[r] = gflop / fused_s;
        onednn[r] = gflop / onednn_s;
        ratios[r] = onednn_s / fused_s;
    }
    struct zg_stats ratio;
    double scratch[MAX_REPEATS];
    char text[64];
    zg_stats_of(ratios, b->n_repeats, scratch, &ratio);
    zg_stats_show_ratio(&ratio, text, sizeof text);
    printf("%-4s %4lld x %5lld x %5lld  fused %7.1f  onednn %7.1f GFLOP/s  %s\n", s->name,
           (long long)rows, (long long)n_out, (long long)s->n_in, zg_median(fused, b->n_repeats),
           zg_median(onednn, b->n_repeats), text);
    matmul_close(&theirs, b);
    for (int64_t l = 0; l < b->n_layers; l++)
        zg_fused_unpack(&panels[l]);
    free(extra);
}

/* ---- command line ---------------------------------------------------------------------------- */

static int usage(void)
{
    fprintf(stderr, "usage: bench_onednn [--threads N] [--dtype fp32|bf16|int8] [--model NAME] "
                    "[--repeats N] [ROWS...]\n");
    return ZG_USAGE;
}

static bool dtype_of(const char *name, enum zg_dtype *out)
{
    static const enum zg_dtype dtypes[] = {ZG_FP32, ZG_BF16, ZG_INT8};
    for (int i = 0; i < 3; i++) {
        *out = dtypes[i];
        if (strcmp(name, zg_dtype_name(*out)) == 0)
            return true;
    }
    return false;
}

static void bench_all(struct bench *b, const int64_t *rows, int64_t n_rows)
{
    struct shape shapes[N_SHAPES];
    shapes_of(zg_model_shape(b->model), shapes);
    printf("%s, %lld threads, oneDNN %d.%d\n", zg_dtype_name(b->dtype), (long long)b->n_threads,
           DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR);
    for (int s = 0; s < N_SHAPES; s++)
        for (int64_t i = 0; i < n_rows; i++)
            bench_shape(b, &shapes[s], rows[i]);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"threads", required_argument, NULL, 't'},
                                            {"dtype", required_argument, NULL, 'd'},
                                            {"model", required_argument, NULL, 'm'},
                                            {"repeats", required_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    enum { MAX_ROWS = 16 };
    int64_t rows[MAX_ROWS] = {60, 199, 420, 840}, n_rows = 4, max_rows = 1;
    struct bench b = {.n_threads = omp_get_max_threads(), .n_repeats = 60};
    const char *name = "opt-125m";
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 't':
            b.n_threads = atoll(optarg);
            break;
        case 'd':
            if (!dtype_of(optarg, &b.dtype))
                return usage();
            break;
        case 'm':
            name = optarg;
            break;
        case 'r':
            b.n_repeats = atoll(optarg);
            break;
        default:
            return usage();
        }
    if (optind < argc)
        n_rows = argc - optind;
    if (b.n_threads < 1 || b.n_repeats < 1 || b.n_repeats > MAX_REPEATS || n_rows > MAX_ROWS)
        return usage();
    for (int64_t i = 0; i < n_rows; i++) {
        rows[i] = optind < argc ? atoll(argv[optind + i]) : rows[i];
        if (rows[i] < 1)
            return usage();
        max_rows = zg_max64(max_rows, rows[i]);
    }
    omp_set_num_threads((int)b.n_threads);

    struct zg_error err = {0};
    struct zg_model *model = NULL;
    if (zg_model_open(&model, name, 1, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.status;
    }
    const struct zg_model_shape *const m = zg_model_shape(model);
    b.model = model;
    b.n_layers = zg_min64(N_LAYERS, m->n_layers);
    const int64_t widest = zg_max64(m->d_ffn, 3 * m->d_model) + 64;
    const struct zg_provider_options o = {.dtypes = 1u << b.dtype,
                                          .n_threads = b.n_threads,
                                          .max_rows = max_rows,
                                          .max_in = zg_max64(m->d_ffn, m->d_model),
                                          .max_extra = N_EXTRA,
                                          .packed = true};
    if (zg_buffer_alloc((void **)&b.x, max_rows * widest, (int64_t)sizeof(float), "x", &err) ||
        zg_buffer_alloc((void **)&b.y, max_rows * widest, (int64_t)sizeof(float), "y", &err) ||
        zg_provider_fused.open(&b.fused, &o, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.status;
    }
    uint64_t seed = 3;
    for (int64_t i = 0; i < max_rows * widest; i++)
        b.x[i] = test_uniform(&seed);
    memset(b.y, 0, (size_t)(max_rows * widest) * sizeof(float));
    must(dnnl_engine_create(&b.engine, dnnl_cpu, 0), "an engine");
    must(dnnl_stream_create(&b.stream, b.engine, dnnl_stream_default_flags), "a stream");
    bench_all(&b, rows, n_rows);
    dnnl_stream_destroy(b.stream);
    dnnl_engine_destroy(b.engine);
    zg_provider_fused.close(&b.fused);
    zg_buffer_free(b.x);
    zg_buffer_free(b.y);
    zg_model_close(&model);
    return 0;
}
