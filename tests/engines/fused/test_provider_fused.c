/*
 * test_provider_fused.c - the provider fused on every variant, thread count and both layouts,
 * against sums in double.
 *
 * What is held here is what lies around the tiles: strips, groups, k blocks, the share of each
 * thread.
 */
#include <stdio.h>
#include <string.h>

#include "engines/fused/fused.h"
#include "engines/fused/provider_fused.h"
#include "tests/engines/fused/guard.h"
#include "tests/engines/fused/truth.h"
#include "tests/support/cunit_run.h"

enum { MAX_ROWS = 45, MANY_ROWS = 400, MAX_EXTRA = 9 };

/* Narrow heads and a long d_ffn: strips with tails on every variant, and fc2 of more than one k
 * block. */
static const struct zg_model_shape model_shape = {.n_layers = 1,
                                                  .d_model = 34,
                                                  .n_heads = 2,
                                                  .d_ffn = 1111,
                                                  .n_vocab = 131,
                                                  .n_positions = 8,
                                                  .tied_head = true};

static struct layer layer_of(int which)
{
    const int64_t d = model_shape.d_model, f = model_shape.d_ffn;
    const int32_t q = zg_tensor_layer(0, ZG_T_Q_WEIGHT), k = zg_tensor_layer(0, ZG_T_K_WEIGHT),
                  v = zg_tensor_layer(0, ZG_T_V_WEIGHT), fc1 = zg_tensor_layer(0, ZG_T_FC1_WEIGHT),
                  fc2 = zg_tensor_layer(0, ZG_T_FC2_WEIGHT);
    switch (which) {
    case 0:
        return (struct layer){3, d, d, {q, k, v}};
    case 1:
        return (struct layer){2, d, d, {v, q, 0}};
    case 2:
        return (struct layer){1, f, d, {fc1, 0, 0}};
    default:
        return (struct layer){1, d, f, {fc2, 0, 0}};
    }
}
enum { N_LAYERS = 4 };

/* One gemm against the formula of provider.h; the number of wrong outputs. */
static int64_t wrong_outputs(struct zg_provider_state *state, const struct zg_panel *panel,
                             const struct truth *truth, int64_t n_rows, int64_t n_difference_rows,
                             bool has_bias, enum zg_epilogue epilogue, bool in_place,
                             uint64_t *seed)
{
    const struct layer *l = &truth->layer;
    const int64_t n_out = l->n_groups * l->n_out, n_extra = truth->n_extra;
    const int64_t n_cols = l->n_in + l->n_groups * n_extra;
    struct guarded x = guarded_open(n_rows, n_cols, n_cols + 2);
    struct guarded y = guarded_open(n_rows, n_out, n_out + 3);
    struct guarded residual = guarded_open(n_rows, n_out, n_out + 3);
    struct guarded bias = guarded_open(1, n_out, n_out);
    guarded_fill(&x, seed);
    guarded_fill(&residual, seed);
    guarded_fill(&bias, seed);
    if (in_place)
        memcpy(y.data, residual.data, (size_t)(n_rows * y.ld) * sizeof(float));
    const struct zg_gemm g = {
        .w = panel,
        .x = x.data,
        .ldx = x.ld,
        .n_rows = n_rows,
        .n_extra = n_extra,
        .bias = has_bias ? bias.data : NULL,
        .n_difference_rows = n_difference_rows,
        .epilogue = epilogue,
        .residual = epilogue != ZG_EPILOGUE_RESIDUAL ? NULL
                    : in_place                       ? y.data
                                                     : residual.data,
        .ldr = residual.ld,
        .y = y.data,
        .ldy = y.ld,
    };
    zg_provider_fused.gemm(state, &g);

    int64_t n_wrong = !guarded_intact(&y);
    struct row row = {.x = floats(l->n_in), .kept = floats(truth->n_kept)};
    for (int64_t i = 0; i < n_rows; i++) {
        memcpy(row.x, x.data + i * x.ld, (size_t)l->n_in * sizeof(float));
        row.scale = round_row(truth, row.x, row.kept);
        for (int64_t o = 0; o < n_out; o++) {
            const float *row_extra = x.data + i * x.ld + l->n_in + o / l->n_out * n_extra;
            const bool is_biased = has_bias && i < n_rows - n_difference_rows;
            double bound, sum = product(truth, &row, o, &bound), magnitude = fabs(sum);
            if (is_biased) {
                sum += (double)bias.data[o];
                magnitude += fabs((double)bias.data[o]);
            }
            for (int64_t e = 0; e < n_extra; e++) {
                const double term = (double)truth->extra[o * n_extra + e] * (double)row_extra[e];
                sum += term;
                magnitude += fabs(term);
            }
            if (epilogue == ZG_EPILOGUE_RESIDUAL) {
                sum += (double)residual.data[i * residual.ld + o];
                magnitude += fabs((double)residual.data[i * residual.ld + o]);
            }
            if (epilogue == ZG_EPILOGUE_RELU && sum < 0.0)
                sum = 0.0;
            n_wrong += !(fabs((double)y.data[i * y.ld + o] - sum) <=
                         bound + sum_bound(n_extra, 2, magnitude));
        }
    }
    free(row.x);
    free(row.kept);
    guarded_close(&x);
    guarded_close(&y);
    guarded_close(&residual);
    guarded_close(&bias);
    return n_wrong;
}

static struct zg_model *open_model(void)
{
    struct zg_model *model = NULL;
    struct zg_error err = {0};
    if (zg_model_open_shape(&model, "test", &model_shape, 1, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return model;
}

static struct zg_panel *pack(struct zg_provider_state *state, const struct zg_model *model,
                             struct layer layer, enum zg_dtype dtype)
{
    const struct zg_panel_shape shape = {
        .n_groups = layer.n_groups, .n_out = layer.n_out, .n_in = layer.n_in, .dtype = dtype};
    struct zg_panel *panel = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_provider_fused.pack(state, &panel, &shape, model, layer.tensors, &err),
                          ZG_OK);
    return panel;
}

/* All columns, of which the second half is not yet right; then that half. */
static void set_extra_in_two(struct zg_provider_state *state, struct zg_panel *panel,
                             struct layer layer, const struct truth *truth)
{
    const int64_t n_rows = layer.n_groups * layer.n_out, n = truth->n_extra, n_same = n / 2;
    float *const wrong = calloc((size_t)(n_rows * n + 1), sizeof *wrong);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
    for (int64_t i = 0; i < n_rows * n; i++)
        wrong[i] = i % n < n_same ? truth->extra[i] : 99.0f;
    zg_provider_fused.set_extra(state, panel, wrong, n, 0);
    zg_provider_fused.set_extra(state, panel, truth->extra, n, n_same);
    free(wrong);
}

static void check_layer(struct zg_provider_state *state, const struct zg_model *model,
                        enum zg_dtype dtype, int which, int64_t first_extra)
{
    static const int64_t extras[] = {0, 4, 9, 1};
    const struct layer layer = layer_of(which);
    uint64_t seed = (uint64_t)which + 1;
    struct zg_panel *panel = pack(state, model, layer, dtype);
    const int64_t n_weights = layer.n_groups * layer.n_out * layer.n_in;
    CU_ASSERT(zg_provider_fused.panel_bytes(panel) >=
              (size_t)(n_weights * 4 / zg_word_size(dtype)));

    int64_t n_wrong = 0, rows = 1 + first_extra;
    for (int e = 0; e < 4; e++) { /* fewer columns than before must not leave old ones in use */
        struct truth truth =
            truth_open(model, layer, dtype, NULL, 0, extras[(e + first_extra) % 4], &seed);
        set_extra_in_two(state, panel, layer, &truth);
        for (int half = 0; half < 2; half++) {
            const int epilogue = half == 0 ? e : (e + 2) % 4;
            const bool in_place = epilogue == 3;
            const int64_t n_differences = seed % 3 == 0 ? 0 : (int64_t)(seed % 7) * rows / 6;
            n_wrong += wrong_outputs(state, panel, &truth, rows, n_differences, epilogue != 1,
                                     in_place ? ZG_EPILOGUE_RESIDUAL : (enum zg_epilogue)epilogue,
                                     in_place, &seed);
            rows = (rows + 10) % MAX_ROWS + 1;
        }
        truth_close(&truth);
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    zg_provider_fused.unpack(&panel);
    CU_ASSERT_PTR_NULL(panel);
}

/* As many rows as threads part among them, and as they do not: all, or means and half differences,
 * or other shares of these. */
static void check_many_rows(struct zg_provider_state *state, const struct zg_model *model,
                            enum zg_dtype dtype)
{
    static const int64_t rows[][2] = {
        {MANY_ROWS, MANY_ROWS / 2}, {192, 96}, {191, 0}, {203, 0}, {290, 145}, {256, 100}};
    const struct layer layer = layer_of(0);
    uint64_t seed = 3;
    struct zg_panel *panel = pack(state, model, layer, dtype);
    struct truth truth = truth_open(model, layer, dtype, NULL, 0, 4, &seed);
    set_extra_in_two(state, panel, layer, &truth);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_EQUAL(wrong_outputs(state, panel, &truth, rows[i][0], rows[i][1], true,
                                      i % 2 ? ZG_EPILOGUE_RELU : ZG_EPILOGUE_RESIDUAL, i == 2,
                                      &seed),
                        0);
    truth_close(&truth);
    zg_provider_fused.unpack(&panel);
}

/* Calls check on each variant and its dtype, packed or not, with 1, 2 and 3 threads. */
static void each_state(void (*check)(struct zg_provider_state *state, const struct zg_model *model,
                                     enum zg_dtype dtype))
{
    struct zg_model *model = open_model();
    const struct zg_kernels *kernels;
    for (int64_t v = 0; (kernels = zg_kernels_at(v)); v++)
        for (int64_t n_threads = 1; n_threads <= 3; n_threads++)
            for (int packed = 0; packed < 2; packed++) {
                if (kernels->isa > zg_cpu_isa())
                    continue;
                const struct zg_provider_options options = {.dtypes = 1u << kernels->dtype,
                                                            .n_threads = n_threads,
                                                            .max_rows = MANY_ROWS,
                                                            .max_in = model_shape.d_ffn,
                                                            .max_extra = MAX_EXTRA,
                                                            .packed = packed != 0};
                struct zg_provider_state *state = NULL;
                struct zg_error err = {0};
                CU_ASSERT_EQUAL_FATAL(zg_fused_open_on(&state, &options, kernels, &err), ZG_OK);
                check(state, model, kernels->dtype);
                zg_provider_fused.close(&state);
                CU_ASSERT_PTR_NULL(state);
            }
    zg_model_close(&model);
}

static void check_gemm(struct zg_provider_state *state, const struct zg_model *model,
                       enum zg_dtype dtype)
{
    for (int which = 0; which < N_LAYERS; which++)
        check_layer(state, model, dtype, which, state->n_threads);
}
static void test_gemm(void)
{
    each_state(check_gemm);
}

/* Rows as read() should give them, bit by bit; the number of wrong ones. */
static int64_t wrong_rows(struct zg_provider_state *state, const struct zg_panel *panel,
                          const struct truth *truth, int64_t group, int64_t row, int64_t n_rows)
{
    const struct layer *l = &truth->layer;
    struct guarded got = guarded_open(n_rows, l->n_in, l->n_in + 1);
    zg_provider_fused.read(state, panel, group, row, n_rows, got.data, got.ld);
    int64_t n_wrong = !guarded_intact(&got);
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t k = 0; k < l->n_in; k++)
            n_wrong +=
                got.data[i * got.ld + k] != truth_weight(truth, group * l->n_out + row + i, k);
    guarded_close(&got);
    return n_wrong;
}

/* fp32: read() after add_lowrank gives the sum. */
static int64_t wrong_sums(struct zg_provider_state *state, struct zg_panel *panel,
                          const struct truth *truth, int64_t group, int64_t row, int64_t rank,
                          uint64_t *seed)
{
    const float coefficient = -0.375f;
    const struct layer *l = &truth->layer;
    const int64_t n_rows = l->n_out - row;
    struct guarded got = guarded_open(n_rows, l->n_in, l->n_in + 1);
    struct guarded u = guarded_open(l->n_out, rank, rank), v = guarded_open(l->n_in, rank, rank);
    guarded_fill(&u, seed);
    guarded_fill(&v, seed);
    zg_provider_fused.add_lowrank(state, panel, group, coefficient, u.data, v.data, rank);
    zg_provider_fused.read(state, panel, group, row, n_rows, got.data, got.ld);
    int64_t n_wrong = 0;
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t k = 0; k < l->n_in; k++) {
            double sum = (double)truth_weight(truth, group * l->n_out + row + i, k);
            double magnitude = fabs(sum);
            for (int64_t r = 0; r < rank; r++) {
                const double term = (double)coefficient * (double)u.data[(row + i) * rank + r] *
                                    (double)v.data[k * rank + r];
                sum += term;
                magnitude += fabs(term);
            }
            /* one rounding for coefficient * u, two for the sums of two chunks of ranks */
            n_wrong +=
                !(fabs((double)got.data[i * got.ld + k] - sum) <= sum_bound(rank, 3, magnitude));
        }
    guarded_close(&got);
    guarded_close(&u);
    guarded_close(&v);
    return n_wrong;
}

/* read() gives back what the model holds, rounded, and after add_lowrank the sum. */
static void check_weights(struct zg_provider_state *state, const struct zg_model *model,
                          enum zg_dtype dtype)
{
    uint64_t seed = 5;
    for (int which = 0; which < N_LAYERS; which++)
        for (int64_t rank = 1; rank <= 11; rank += 5) {
            const struct layer l = layer_of(which);
            struct zg_panel *panel = pack(state, model, l, dtype);
            struct truth truth = truth_open(model, l, dtype, NULL, 0, 3, &seed);
            zg_provider_fused.set_extra(state, panel, truth.extra, 3,
                                        0); /* must not be disturbed */
            const int64_t group = l.n_groups - 1, row = l.n_out / 3;
            CU_ASSERT_EQUAL(wrong_rows(state, panel, &truth, group, row, l.n_out - row), 0);
            if (dtype == ZG_FP32)
                CU_ASSERT_EQUAL(wrong_sums(state, panel, &truth, group, row, rank, &seed), 0);
            if (l.n_groups > 1) /* the other groups are as they were */
                CU_ASSERT_EQUAL(wrong_rows(state, panel, &truth, 0, 0, l.n_out), 0);
            truth_close(&truth);
            zg_provider_fused.unpack(&panel);
        }
}
static void test_weights(void)
{
    each_state(check_weights);
}

/* Columns leave the scales and stay bf16; other columns later; none again. */
static void check_kept(struct zg_provider_state *state, const struct zg_model *model,
                       enum zg_dtype dtype)
{
    static const int32_t columns[] = {0, 5, 33};
    if (dtype != ZG_INT8)
        return;
    uint64_t seed = 6;
    for (int which = 0; which < N_LAYERS; which++) {
        const struct layer l = layer_of(which);
        struct zg_panel *panel = pack(state, model, l, dtype);
        for (int64_t n_kept = 3; n_kept >= 0; n_kept--) {
            struct zg_error err = {0};
            CU_ASSERT_EQUAL_FATAL(zg_provider_fused.keep_columns(state, panel, model, l.tensors,
                                                                 columns, n_kept, &err),
                                  ZG_OK);
            for (int64_t n_extra = 0; n_extra <= 4; n_extra += 4) {
                struct truth truth = truth_open(model, l, dtype, columns, n_kept, n_extra, &seed);
                if (n_extra > 0) /* none were set before */
                    zg_provider_fused.set_extra(state, panel, truth.extra, n_extra, 0);
                CU_ASSERT_EQUAL(wrong_outputs(state, panel, &truth, 7 + 9 * n_kept, 3, true,
                                              ZG_EPILOGUE_RELU, false, &seed),
                                0);
                CU_ASSERT_EQUAL(wrong_rows(state, panel, &truth, 0, 0, l.n_out), 0);
                truth_close(&truth);
            }
        }
        zg_provider_fused.unpack(&panel);
    }
}
static void test_kept(void)
{
    each_state(check_kept);
}

/* Rows of several k blocks, and panels of all dtypes in one state. */
static void test_long_rows(void)
{
    static const struct zg_model_shape long_shape = {.n_layers = 1,
                                                     .d_model = 10,
                                                     .n_heads = 2,
                                                     .d_ffn = 9001,
                                                     .n_vocab = 11,
                                                     .n_positions = 8,
                                                     .tied_head = true};
    static const int32_t columns[] = {7, 8999};
    const struct layer l = {1, 10, 9001, {zg_tensor_layer(0, ZG_T_FC2_WEIGHT)}};
    struct zg_model *model = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_model_open_shape(&model, "long", &long_shape, 1, NULL), ZG_OK);
    for (int packed = 0; packed < 2; packed++) {
        const struct zg_provider_options options = {.dtypes = 1u << ZG_FP32 | 1u << ZG_BF16 |
                                                              1u << ZG_INT8,
                                                    .n_threads = 2,
                                                    .max_rows = 9,
                                                    .max_in = l.n_in,
                                                    .max_extra = 2,
                                                    .packed = packed != 0};
        struct zg_provider_state *state = NULL;
        struct zg_panel *panels[ZG_N_DTYPES] = {NULL};
        uint64_t seed = 8;
        CU_ASSERT_EQUAL_FATAL(zg_provider_fused.open(&state, &options, NULL), ZG_OK);
        for (int d = 0; d < ZG_N_DTYPES; d++)
            if (zg_provider_fused.dtypes & 1u << d)
                panels[d] = pack(state, model, l, (enum zg_dtype)d);
        for (int64_t n_kept = 0; n_kept <= 2; n_kept += 2) {
            CU_ASSERT_EQUAL_FATAL(zg_provider_fused.keep_columns(state, panels[ZG_INT8], model,
                                                                 l.tensors, columns, n_kept, NULL),
                                  ZG_OK);
            for (int d = 0; d < ZG_N_DTYPES; d++) {
                if (!panels[d])
                    continue;
                struct truth truth = truth_open(model, l, (enum zg_dtype)d, columns,
                                                d == ZG_INT8 ? n_kept : 0, 2, &seed);
                zg_provider_fused.set_extra(state, panels[d], truth.extra, 2, 0);
                CU_ASSERT_EQUAL(wrong_outputs(state, panels[d], &truth, 9, 4, true,
                                              ZG_EPILOGUE_RESIDUAL, true, &seed),
                                0);
                truth_close(&truth);
            }
        }
        for (int d = 0; d < ZG_N_DTYPES; d++)
            zg_provider_fused.unpack(&panels[d]);
        zg_provider_fused.close(&state);
    }
    zg_model_close(&model);
}

static void test_many_rows(void)
{
    each_state(check_many_rows);
}

static void check_rowmajor(struct zg_provider_state *state, const struct zg_model *model,
                           enum zg_dtype dtype)
{
    (void)model, (void)dtype;
    uint64_t seed = 9;
    static const int64_t sizes[][3] = {
        {1, 1, 1}, {131, 70, 33}, {8, 16, 3}, {50, 31, 32}, {7, 9, 2}};
    for (int s = 0; s < 5; s++) {
        const int64_t n_out = sizes[s][0], n_in = sizes[s][1], n_rows = sizes[s][2];
        struct guarded w = guarded_open(n_out, n_in, n_in + 1);
        struct guarded x = guarded_open(n_rows, n_in, n_in + 2);
        struct guarded y = guarded_open(n_rows, n_out, n_out + 3);
        guarded_fill(&w, &seed);
        guarded_fill(&x, &seed);
        zg_provider_fused.gemm_rowmajor(state, w.data, w.ld, n_out, n_in, x.data, x.ld, n_rows,
                                        y.data, y.ld);
        int64_t n_wrong = !guarded_intact(&y);
        for (int64_t i = 0; i < n_rows; i++)
            for (int64_t o = 0; o < n_out; o++) {
                double sum = 0.0, magnitude = 0.0;
                for (int64_t k = 0; k < n_in; k++) {
                    const double term = (double)w.data[o * w.ld + k] * (double)x.data[i * x.ld + k];
                    sum += term;
                    magnitude += fabs(term);
                }
                n_wrong +=
                    !(fabs((double)y.data[i * y.ld + o] - sum) <= sum_bound(n_in, 0, magnitude));
            }
        CU_ASSERT_EQUAL(n_wrong, 0);
        guarded_close(&w);
        guarded_close(&x);
        guarded_close(&y);
    }
}
static void test_rowmajor(void)
{
    each_state(check_rowmajor);
}

static void test_open(void)
{
    struct zg_provider_options options = {
        .dtypes = 1u << ZG_FP32, .n_threads = 1, .max_rows = 1, .packed = true};
    struct zg_provider_state *state = NULL;
    struct zg_error err = {0};
    const char *outer = getenv("ZOGAP_ISA"); /* the suite may itself run under a cap */
    char *saved = outer ? strdup(outer) : NULL;

    setenv("ZOGAP_ISA", "portable", 1);
    CU_ASSERT_EQUAL_FATAL(zg_provider_fused.open(&state, &options, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(state->kernels[ZG_FP32]->name, "portable");
    CU_ASSERT_STRING_EQUAL(state->kernels[ZG_INT8]->name, "portable");
    zg_provider_fused.close(&state);

    setenv("ZOGAP_ISA", "sse9", 1);
    CU_ASSERT_EQUAL(zg_provider_fused.open(&state, &options, &err), ZG_USAGE);
    CU_ASSERT_PTR_NULL(state);
    unsetenv("ZOGAP_ISA");

    zg_error_clear(&err);
    options.dtypes = 1u << ZG_FP16;
    CU_ASSERT_EQUAL(zg_provider_fused.open(&state, &options, &err), ZG_USAGE);
    CU_ASSERT_PTR_NULL(state);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "fp16"));
    zg_provider_fused.close(&state); /* NULL is fine */
    struct zg_panel *none = NULL;
    zg_provider_fused.unpack(&none);
    if (saved)
        setenv("ZOGAP_ISA", saved, 1);
    free(saved);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"open, the ISA cap and its errors", test_open},
        {"gemm", test_gemm},
        {"gemm of many rows", test_many_rows},
        {"read and add_lowrank", test_weights},
        {"kept columns", test_kept},
        {"several k blocks, all dtypes at once", test_long_rows},
        {"gemm_rowmajor", test_rowmajor},
        {NULL, NULL},
    };
    return zg_test_run("fused/provider", tests);
}
