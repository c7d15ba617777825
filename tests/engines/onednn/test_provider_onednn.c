/*
 * test_provider_onednn.c - engines/onednn as a kernel provider: odd sizes, every dtype, epilogue,
 * groups, adapter columns, both layouts, one to three threads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "engines/onednn/onednn.h"
#include "tests/engines/onednn/rig.h"

/* ---- what our objects allocate (the link wraps these) ---------------------------------------- */

static int64_t n_allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
dnnl_status_t __real_dnnl_memory_create(dnnl_memory_t *out, const void *desc, dnnl_engine_t engine,
                                        void *handle);
dnnl_status_t __real_dnnl_primitive_create(dnnl_primitive_t *out, const void *desc);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
dnnl_status_t __wrap_dnnl_memory_create(dnnl_memory_t *out, const void *desc, dnnl_engine_t engine,
                                        void *handle);
dnnl_status_t __wrap_dnnl_primitive_create(dnnl_primitive_t *out, const void *desc);

void *__wrap_malloc(size_t size)
{
    n_allocations++;
    return __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size)
{
    n_allocations++;
    return __real_calloc(n, size);
}
int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    n_allocations++;
    return __real_posix_memalign(out, alignment, size);
}
dnnl_status_t __wrap_dnnl_memory_create(dnnl_memory_t *out, const void *desc, dnnl_engine_t engine,
                                        void *handle)
{
    n_allocations++;
    return __real_dnnl_memory_create(out, desc, engine, handle);
}
dnnl_status_t __wrap_dnnl_primitive_create(dnnl_primitive_t *out, const void *desc)
{
    n_allocations++;
    return __real_dnnl_primitive_create(out, desc);
}
static const enum zg_tensor_kind kinds[] = {ZG_T_Q_WEIGHT, ZG_T_OUT_WEIGHT, ZG_T_FC1_WEIGHT,
                                            ZG_T_FC2_WEIGHT};

static void test_gemm_in(enum zg_dtype dtype)
{
    struct zg_model *model = model_open(37, 83);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (int64_t n_threads = 1; n_threads <= 3; n_threads += 2) {
            for (int packed = 0; packed < 2; packed++) {
                struct setup s = setup_open(model, dtype, kinds[k], n_threads, packed != 0, 0, 0);
                epilogues_check(&s, 1, 0, 0);
                epilogues_check(&s, 7, 2, 3);
                epilogues_check(&s, 33, MAX_EXTRA, 0);
                setup_close(&s);
            }
        }
    }
    zg_model_close(&model);
}
static void test_gemm(void)
{
    each_dtype(test_gemm_in);
}

/* With the strides declared the primitives know them: another path through the library. */
static void test_gemm_declared_in(enum zg_dtype dtype)
{
    struct zg_model *model = model_open(37, 83);
    const int64_t n_extra = 4, pad = 9;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        const struct layer layer = layer_of(model, kinds[k]);
        const int64_t ldx = layer.shape.n_in + layer.shape.n_groups * n_extra + pad;
        const int64_t ldy = layer.shape.n_groups * layer.shape.n_out + pad;
        for (int packed = 0; packed < 2; packed++) {
            struct setup s = setup_open(model, dtype, kinds[k], 2, packed != 0, ldx, ldy);
            epilogues_check(&s, 1, n_extra, pad);
            epilogues_check(&s, 50, n_extra, pad);
            epilogues_check(&s, 50, n_extra, pad + 1); /* strides that nobody declared */
            setup_close(&s);
        }
    }
    zg_model_close(&model);
}
static void test_gemm_declared(void)
{
    each_dtype(test_gemm_declared_in);
}

/* Half differences get no bias, in the first piece of rows and in the last. */
static void test_gemm_differences_in(enum zg_dtype dtype)
{
    struct zg_model *model = model_open(37, 83);
    struct setup s = setup_open(model, dtype, ZG_T_OUT_WEIGHT, 2, true, 0, 0);
    const int64_t n_differences[] = {1, 4, 7, 300, 513};
    for (size_t i = 0; i < sizeof n_differences / sizeof n_differences[0]; i++) {
        struct product p = {.n_rows = n_differences[i] > 7 ? 513 : 7,
                            .n_extra = 2,
                            .n_difference_rows = n_differences[i],
                            .bias = true};
        product_check(&s, &p);
        p.epilogue = ZG_EPILOGUE_RESIDUAL;
        product_check(&s, &p);
        p.residual = IN_PLACE;
        product_check(&s, &p);
    }
    setup_close(&s);
    zg_model_close(&model);
}
static void test_gemm_differences(void)
{
    each_dtype(test_gemm_differences_in);
}

/* x and y of the same width and stride, as the output projection has them without adapters. */
static void test_gemm_alike_in(enum zg_dtype dtype)
{
    struct zg_model *model = model_open(37, 83);
    for (int packed = 0; packed < 2; packed++) {
        struct setup s = setup_open(model, dtype, ZG_T_OUT_WEIGHT, 2, packed != 0, 48, 48);
        epilogues_check(&s, 5, 0, 48 - 37);
        setup_close(&s);
    }
    zg_model_close(&model);
}
static void test_gemm_alike(void)
{
    each_dtype(test_gemm_alike_in);
}

/* Rows that are cut into pieces, and row counts at the edges of a piece. */
static void test_gemm_pieces_in(enum zg_dtype dtype)
{
    struct zg_model *model = model_open(37, 83);
    for (int packed = 0; packed < 2; packed++) {
        struct setup s = setup_open(model, dtype, ZG_T_FC1_WEIGHT, 2, packed != 0, 37 + 2, 83);
        const int64_t n_rows[] = {255, 256, 257, 512, 513, MAX_ROWS};
        for (size_t i = 0; i < sizeof n_rows / sizeof n_rows[0]; i++) {
            const struct product p = {
                .n_rows = n_rows[i], .n_extra = 2, .bias = true, .epilogue = ZG_EPILOGUE_RELU};
            product_check(&s, &p);
        }
        setup_close(&s);
    }
    zg_model_close(&model);
}
static void test_gemm_pieces(void)
{
    each_dtype(test_gemm_pieces_in);
}

/* [37][1024] and [1024][37]: strides of 4 KiB, which the panel widens. */
static void test_gemm_wide_stride_in(enum zg_dtype dtype)
{
    struct zg_model *model = model_open(37, 1024);
    for (int packed = 0; packed < 2; packed++) {
        for (size_t k = 2; k < 4; k++) {
            struct setup s = setup_open(model, dtype, kinds[k], 2, packed != 0, 0, 0);
            epilogues_check(&s, 5, 3, 0);
            setup_close(&s);
        }
    }
    zg_model_close(&model);
}
static void test_gemm_wide_stride(void)
{
    each_dtype(test_gemm_wide_stride_in);
}

static void test_gemm_rowmajor(void)
{
    struct zg_model *model = model_open(37, 83);
    struct setup s = setup_open(model, ZG_FP32, ZG_T_OUT_WEIGHT, 2, true, 0, 0);
    const int64_t n_out = 61, n_in = 37, ldw = 40, ldx = 41, ldy = 64, n_rows = 9;
    float *const w = numbers(1, n_out * ldw), *const x = numbers(2, n_rows * ldx);
    float *const y = numbers(3, n_rows * ldy), *const before = numbers(3, n_rows * ldy);
    zg_provider_onednn.gemm_rowmajor(s.state, w, ldw, n_out, n_in, x, ldx, n_rows, y, ldy);
    const double n = (double)n_in, u = ldexp(1.0, -24);
    for (int64_t i = 0; i < n_rows; i++) {
        for (int64_t o = 0; o < n_out; o++) {
            double sum = 0.0, bound = 0.0;
            for (int64_t k = 0; k < n_in; k++) {
                const double term = (double)x[i * ldx + k] * (double)w[o * ldw + k];
                sum += term;
                bound += fabs(term);
            }
            CU_ASSERT(fabs((double)y[i * ldy + o] - sum) <= bound * n * u / (1.0 - n * u));
        }
        CU_ASSERT_EQUAL(memcmp(y + i * ldy + n_out, before + i * ldy + n_out,
                               (size_t)(ldy - n_out) * sizeof *y),
                        0);
    }
    free(w);
    free(x);
    free(y);
    free(before);
    setup_close(&s);
    zg_model_close(&model);
}
/* ---- weights --------------------------------------------------------------------------------- */

/* What pack() stored is what the model holds, to the bit, in any slice of rows. */
static void test_read_in(enum zg_dtype dtype)
{
    struct zg_model *model = model_open(37, 83);
    for (int packed = 0; packed < 2; packed++) {
        struct setup s = setup_open(model, dtype, ZG_T_Q_WEIGHT, 3, packed != 0, 0, 0);
        const int64_t n_out = s.layer.shape.n_out, n_in = s.layer.shape.n_in, ld = n_in + 5;
        float *const rows = numbers(1, n_out * ld);
        for (int64_t group = 0; group < 3; group++) {
            const int64_t ranges[][2] = {{0, n_out}, {5, 1}, {3, 20}, {n_out - 1, 1}};
            for (size_t r = 0; r < sizeof ranges / sizeof ranges[0]; r++) {
                const int64_t begin = ranges[r][0], n = ranges[r][1];
                zg_provider_onednn.read(s.state, s.panel, group, begin, n, rows, ld);
                for (int64_t i = 0; i < n; i++)
                    CU_ASSERT_EQUAL(memcmp(rows + i * ld, s.w + (group * n_out + begin + i) * n_in,
                                           (size_t)n_in * sizeof *rows),
                                    0);
            }
        }
        CU_ASSERT(zg_provider_onednn.panel_bytes(s.panel) >=
                  (size_t)(3 * n_out * n_in * zg_dtype_bytes(dtype)));
        free(rows);
        setup_close(&s);
    }
    zg_model_close(&model);
}
static void test_read(void)
{
    each_dtype(test_read_in);
}

/* One group takes the update, the others stay as they were; the product sees it. */
static void test_add_lowrank(void)
{
    struct zg_model *model = model_open(37, 83);
    const int64_t ranks[] = {1, 2, 8, 11};
    const float coefficient = -0.37f;
    for (int packed = 0; packed < 2; packed++) {
        for (size_t r = 0; r < sizeof ranks / sizeof ranks[0]; r++) {
            const int64_t rank = ranks[r], group = 1;
            struct setup s = setup_open(model, ZG_FP32, ZG_T_Q_WEIGHT, 2, packed != 0, 0, 0);
            const int64_t n_out = s.layer.shape.n_out, n_in = s.layer.shape.n_in;
            float *const u = numbers(1, n_out * rank), *const v = numbers(2, n_in * rank);
            float *const row = numbers(3, n_in);
            zg_provider_onednn.add_lowrank(s.state, s.panel, group, coefficient, u, v, rank);
            /* c u v: three roundings a term and one for each sum, over rank terms and W. */
            const double n = (double)(rank + 3), eps = ldexp(1.0, -24);
            for (int64_t o = 0; o < 3 * n_out; o++) {
                zg_provider_onednn.read(s.state, s.panel, o / n_out, o % n_out, 1, row, n_in);
                if (o / n_out != group) {
                    CU_ASSERT_EQUAL(memcmp(row, s.w + o * n_in, (size_t)n_in * sizeof *row), 0);
                    continue;
                }
                for (int64_t k = 0; k < n_in; k++) {
                    double sum = (double)s.w[o * n_in + k], bound = fabs(sum);
                    for (int64_t e = 0; e < rank; e++) {
                        const double term = (double)coefficient *
                                            (double)u[(o % n_out) * rank + e] *
                                            (double)v[k * rank + e];
                        sum += term;
                        bound += fabs(term);
                    }
                    CU_ASSERT(fabs((double)row[k] - sum) <= bound * n * eps / (1.0 - n * eps));
                }
                memcpy(s.w + o * n_in, row, (size_t)n_in * sizeof *row);
            }
            const struct product p = {.n_rows = 6, .epilogue = ZG_EPILOGUE_NONE};
            product_check(&s, &p);
            free(u);
            free(v);
            free(row);
            setup_close(&s);
        }
    }
    zg_model_close(&model);
}
/* ---- allocations ----------------------------------------------------------------------------- */

/* With declared strides a step asks for nothing, whatever its row counts. */
static void test_allocations_in(enum zg_dtype dtype)
{
    struct zg_model *model = model_open(37, 83);
    struct setup s = setup_open(model, dtype, ZG_T_FC1_WEIGHT, 2, true, 48, 96);
    float *const x = numbers(1, MAX_ROWS * 48), *const y = numbers(2, MAX_ROWS * 96);
    float *const extra = numbers(3, 83 * 2), *const v = numbers(4, 37 * 2);
    n_allocations = 0;
    for (int64_t n_rows = 1; n_rows <= MAX_ROWS; n_rows += 13) {
        const struct zg_gemm g = {.w = s.panel,
                                  .x = x,
                                  .ldx = 48,
                                  .n_rows = n_rows,
                                  .n_extra = 2,
                                  .epilogue = ZG_EPILOGUE_RELU,
                                  .y = y,
                                  .ldy = 96};
        zg_provider_onednn.set_extra(s.state, s.panel, extra, 2, 0);
        zg_provider_onednn.gemm(s.state, &g);
        if (dtype == ZG_FP32)
            zg_provider_onednn.add_lowrank(s.state, s.panel, 0, 1e-3f, extra, v, 2);
        zg_provider_onednn.gemm_rowmajor(s.state, x, 48, 20, 37, x, 48, n_rows, y, 96);
    }
    CU_ASSERT_EQUAL(n_allocations, 0);
    free(x);
    free(y);
    free(extra);
    free(v);
    setup_close(&s);
    CU_ASSERT(n_allocations == 0);
    s = setup_open(model, dtype, ZG_T_FC1_WEIGHT, 2, true, 48, 96);
    CU_ASSERT(n_allocations > 0); /* the counters count */
    setup_close(&s);
    zg_model_close(&model);
}
static void test_allocations(void)
{
    each_dtype(test_allocations_in);
}

/* ---- low precision --------------------------------------------------------------------------- */

static void test_keep_columns_in(enum zg_dtype dtype)
{
    if (dtype != ZG_INT8)
        return;
    struct zg_model *model = model_open(37, 83);
    const int32_t columns[] = {0, 7, 8, 36};
    for (int packed = 0; packed < 2; packed++) {
        struct setup s = setup_open(model, dtype, ZG_T_Q_WEIGHT, 2, packed != 0, 0, 0);
        const size_t without = zg_provider_onednn.panel_bytes(s.panel);
        float *const row = numbers(1, 37);
        setup_keep(&s, model, columns, 4);
        CU_ASSERT(zg_provider_onednn.panel_bytes(s.panel) > without);
        for (int64_t o = 0; o < 3 * 37; o++) {
            zg_provider_onednn.read(s.state, s.panel, o / 37, o % 37, 1, row, 37);
            CU_ASSERT_EQUAL(memcmp(row, s.w + o * 37, 37 * sizeof *row), 0);
        }
        epilogues_check(&s, 1, 0, 0);
        epilogues_check(&s, 150, 2, 3);
        setup_keep(&s, model, columns, 1);
        epilogues_check(&s, 7, 0, 0);
        setup_keep(&s, model, columns, 0);
        epilogues_check(&s, 7, 2, 0);
        CU_ASSERT_EQUAL(zg_provider_onednn.panel_bytes(s.panel), without);
        free(row);
        setup_close(&s);
    }
    zg_model_close(&model);
}
static void test_keep_columns(void)
{
    each_dtype(test_keep_columns_in);
}

/* Both forms of int8 rows, whichever the library wants here: with one column there are no pairs of
 * products, so none saturates. */
static void test_int8_forms_in(enum zg_dtype dtype)
{
    if (dtype != ZG_INT8)
        return;
    struct zg_model *model = model_open(1, 83);
    for (int form = ZG_INT8_SHIFTED; form <= ZG_INT8_SPLIT; form++) {
        struct setup s = setup_open(model, dtype, ZG_T_FC1_WEIGHT, 2, true, 0, 0);
        s.state->int8 = (enum zg_onednn_int8)form;
        epilogues_check(&s, 1, 0, 0);
        epilogues_check(&s, 130, 2, 1);
        setup_close(&s);
    }
    zg_model_close(&model);
}
static void test_int8_forms(void)
{
    each_dtype(test_int8_forms_in);
}

/* Rows whose sums may leave 32 bits are refused before anything is read: q + 128 is up to 255, and
 * the shift is 128 times a sum of up to 127 each. */
static void test_int8_too_long_in(enum zg_dtype dtype)
{
    if (dtype != ZG_INT8)
        return;
    struct zg_model *model = model_open(1, 83);
    struct setup s = setup_open(model, dtype, ZG_T_FC1_WEIGHT, 1, true, 0, 0);
    const struct {
        enum zg_onednn_int8 form;
        int64_t n_in;
    } too_long[] = {{ZG_INT8_SHIFTED, 66312}, {ZG_INT8_SPLIT, 132105}};
    for (int i = 0; i < 2; i++) {
        const struct zg_panel_shape shape = {
            .n_groups = 1, .n_out = 1, .n_in = too_long[i].n_in, .dtype = dtype};
        struct zg_panel *panel = NULL;
        struct zg_error err = {0};
        s.state->int8 = too_long[i].form;
        CU_ASSERT_EQUAL(zg_provider_onednn.pack(s.state, &panel, &shape, NULL, NULL, &err),
                        ZG_USAGE);
        CU_ASSERT_PTR_NULL(panel);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "may leave 32 bits"));
    }
    setup_close(&s);
    zg_model_close(&model);
}
static void test_int8_too_long(void)
{
    each_dtype(test_int8_too_long_in);
}

/* A NaN or an infinity in a row of x shows in all of its y, and in no other row's; ReLU keeps a
 * NaN, and makes 0 of minus infinity. */
static void test_not_finite_in(enum zg_dtype dtype)
{
    struct zg_model *model = model_open(37, 83);
    struct setup s = setup_open(model, dtype, ZG_T_FC1_WEIGHT, 2, true, 0, 0);
    float *const x = numbers(1, 4 * 37), *const y = numbers(2, 4 * 83);
    x[1 * 37 + 5] = NAN;
    x[2 * 37 + 36] = INFINITY;
    struct zg_gemm g = {.w = s.panel,
                        .x = x,
                        .ldx = 37,
                        .n_rows = 4,
                        .epilogue = ZG_EPILOGUE_NONE,
                        .y = y,
                        .ldy = 83};
    zg_provider_onednn.gemm(s.state, &g);
    for (int64_t i = 0; i < 4 * 83; i++)
        CU_ASSERT_EQUAL(isfinite(y[i]) != 0, i / 83 == 0 || i / 83 == 3);
    g.epilogue = ZG_EPILOGUE_RELU;
    zg_provider_onednn.gemm(s.state, &g);
    for (int64_t i = 0; i < 4 * 83; i++)
        if (i / 83 != 2)
            CU_ASSERT_EQUAL(isnan(y[i]) != 0, i / 83 == 1);
    free(x);
    free(y);
    setup_close(&s);
    zg_model_close(&model);
}
static void test_not_finite(void)
{
    each_dtype(test_not_finite_in);
}

static void test_open_refuses(void)
{
    struct zg_error err = {0};
    struct zg_provider_state *state = NULL;
    const struct zg_provider_options options = {
        .dtypes = 1u << ZG_FP16, .n_threads = 1, .max_rows = 1, .packed = true};
    CU_ASSERT_EQUAL(zg_provider_onednn.open(&state, &options, &err), ZG_USAGE);
    CU_ASSERT_PTR_NULL(state);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "fp16"));
    zg_provider_onednn.close(&state);
    struct zg_panel *panel = NULL;
    zg_provider_onednn.unpack(&panel);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"gemm", test_gemm},
        {"gemm, declared strides", test_gemm_declared},
        {"gemm, half differences", test_gemm_differences},
        {"gemm, x and y alike", test_gemm_alike},
        {"gemm, pieces", test_gemm_pieces},
        {"gemm, 4 KiB strides", test_gemm_wide_stride},
        {"gemm_rowmajor", test_gemm_rowmajor},
        {"read", test_read},
        {"add_lowrank", test_add_lowrank},
        {"allocations", test_allocations},
        {"keep_columns", test_keep_columns},
        {"both forms of int8", test_int8_forms},
        {"int8 rows that are too long", test_int8_too_long},
        {"not finite", test_not_finite},
        {"open refuses", test_open_refuses},
        {NULL, NULL},
    };
    return zg_test_run("engines/onednn/provider_onednn", tests);
}
