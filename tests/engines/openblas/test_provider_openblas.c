/*
 * test_provider_openblas.c - the OpenBLAS provider against provider.h's formula in double: every
 * epilogue, one to three groups, adapter columns inside the one product and apart from it.
 */
#include "engines/base/philox.h"
#include "engines/openblas/provider_openblas.h"
#include "tests/support/cunit_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct zg_provider *const provider = &zg_provider_openblas;
static const struct zg_model_shape shape = {.n_layers = 1,
                                            .d_model = 60,
                                            .n_heads = 3,
                                            .d_ffn = 84,
                                            .n_vocab = 33,
                                            .n_positions = 16,
                                            .tied_head = true};
static const int32_t qkv[] = {16 + ZG_T_Q_WEIGHT, 16 + ZG_T_K_WEIGHT, 16 + ZG_T_V_WEIGHT};
enum { D = 60, ROWS = 13, MOST_EXTRA = 24, LDX = D + 3 * MOST_EXTRA + 1, LDY = 3 * D + 3 };

struct rig {
    struct zg_model *model;
    struct zg_provider_state *state;
    struct zg_panel *panel;
    float x[ROWS * LDX], y[ROWS * LDY], residual[ROWS * LDY], bias[3 * D],
        extra[3 * D * MOST_EXTRA], w[3 * D * D];
};

static struct rig *rig_open(int64_t n_groups, int64_t max_extra, int64_t n_threads)
{
    struct zg_error err = {0};
    struct rig *r = calloc(1, sizeof *r);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    const struct zg_provider_options options = {
        .n_threads = n_threads, .max_rows = ROWS, .max_extra = max_extra};
    const struct zg_panel_shape panel = {.n_groups = n_groups, .n_out = D, .n_in = D};
    CU_ASSERT_EQUAL_FATAL(zg_model_open_shape(&r->model, "test", &shape, 5, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(provider->open(&r->state, &options, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(provider->pack(r->state, &r->panel, &panel, r->model, qkv, &err), ZG_OK);
    zg_philox_normal(1, 1, ZG_STREAM_DATA, 0, ROWS * LDX, r->x);
    zg_philox_normal(1, 2, ZG_STREAM_DATA, 0, ROWS * LDY, r->residual);
    zg_philox_normal(1, 3, ZG_STREAM_DATA, 0, 3 * D, r->bias);
    zg_philox_normal(1, 4, ZG_STREAM_DATA, 0, 3 * D * MOST_EXTRA, r->extra);
    for (int64_t g = 0; g < n_groups; g++)
        zg_model_read(r->model, qkv[g], 0, D, r->w + g * D * D, D);
    return r;
}

static void rig_close(struct rig *r)
{
    provider->unpack(&r->panel);
    CU_ASSERT_PTR_NULL(r->panel);
    provider->close(&r->state);
    CU_ASSERT_PTR_NULL(r->state);
    zg_model_close(&r->model);
    free(r);
}

/* One product, checked; its last rows are half differences and get no bias.  Bound: n products and
 * sums of fp32 err by n u of the sum of their magnitudes. */
static void check_gemm(struct rig *r, int64_t n_groups, int64_t n_extra, enum zg_epilogue epilogue,
                       bool in_place, bool with_bias, int64_t n_rows, int64_t n_differences)
{
    const struct zg_gemm g = {
        .w = r->panel,
        .x = r->x,
        .ldx = LDX,
        .n_rows = n_rows,
        .n_extra = n_extra,
        .bias = with_bias ? r->bias : NULL,
        .n_difference_rows = n_differences,
        .epilogue = epilogue,
        .residual = epilogue != ZG_EPILOGUE_RESIDUAL ? NULL
                    : in_place                       ? r->y
                                                     : r->residual,
        .ldr = LDY,
        .y = r->y,
        .ldy = LDY,
    };
    for (int i = 0; i < ROWS * LDY; i++)
        r->y[i] = in_place ? r->residual[i] : 42.0f;
    provider->gemm(r->state, &g);
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t o = 0; o < n_groups * D; o++) {
            const float *x = r->x + i * LDX, *extra = x + D + o / D * n_extra;
            const bool biased = with_bias && i < n_rows - n_differences;
            double sum = biased ? (double)r->bias[o] : 0.0, magnitude = fabs(sum);
            for (int64_t k = 0; k < D; k++) {
                sum += (double)r->w[o * D + k] * (double)x[k];
                magnitude += fabs((double)r->w[o * D + k] * (double)x[k]);
            }
            for (int64_t e = 0; e < n_extra; e++) {
                sum += (double)r->extra[o * n_extra + e] * (double)extra[e];
                magnitude += fabs((double)r->extra[o * n_extra + e] * (double)extra[e]);
            }
            if (epilogue == ZG_EPILOGUE_RELU)
                sum = fmax(sum, 0.0);
            if (epilogue == ZG_EPILOGUE_RESIDUAL) {
                sum += (double)r->residual[i * LDY + o];
                magnitude += fabs((double)r->residual[i * LDY + o]);
            }
            const double bound = (double)(D + n_extra + 3) / (1 << 24) * magnitude;
            CU_ASSERT(fabs((double)r->y[i * LDY + o] - sum) <= bound);
        }
    const float untouched = in_place ? r->residual[n_groups * D] : 42.0f;
    CU_ASSERT_EQUAL(r->y[n_groups * D], untouched);
}

static void test_gemm(void)
{
    /* 2 columns a group go into the one product (3 * 2 * 8 <= 60), 24 go apart. */
    const int64_t max_extras[] = {0, 2, MOST_EXTRA};
    for (int64_t n_groups = 1; n_groups <= 3; n_groups++)
        for (int m = 0; m < 3; m++) {
            struct rig *r = rig_open(n_groups, max_extras[m], 1 + m % 2);
            for (int64_t n_extra = 0; n_extra <= max_extras[m]; n_extra += n_extra ? n_extra : 1) {
                provider->set_extra(r->state, r->panel, r->extra, n_extra, 0);
                for (int mode = 0; mode < 24; mode++) {
                    const int64_t n_rows = mode % 2 ? ROWS : 1;
                    check_gemm(r, n_groups, n_extra,
                               (enum zg_epilogue)(mode % 4 == 3 ? 2 : mode % 4), mode % 4 == 3,
                               mode % 8 < 4, n_rows, n_rows * (mode / 8) / 2);
                }
            }
            rig_close(r);
        }
}

/* W += c u v^T lands in the right group and leaves the adapter columns. */
static void test_add_lowrank(void)
{
    struct rig *r = rig_open(3, 2, 1);
    float u[D * 3], v[D * 3], row[2 * (D + 1)];
    zg_philox_normal(2, 1, ZG_STREAM_DATA, 0, D * 3, u);
    zg_philox_normal(2, 2, ZG_STREAM_DATA, 0, D * 3, v);
    provider->set_extra(r->state, r->panel, r->extra, 2, 0);
    provider->add_lowrank(r->state, r->panel, 1, -0.25f, u, v, 3);
    for (int64_t o = 0; o < D; o++)
        for (int64_t k = 0; k < D; k++)
            for (int e = 0; e < 3; e++)
                r->w[(D + o) * D + k] -= 0.25f * u[o * 3 + e] * v[k * 3 + e];
    for (int64_t g = 0; g < 3; g++) {
        provider->read(r->state, r->panel, g, 7, 2, row, D + 1);
        for (int64_t i = 0; i < 2; i++)
            for (int64_t k = 0; k < D;
                 k++) /* 3 products below 16 * 0.25 each: a few roundings of 4 */
                CU_ASSERT(fabsf(row[i * (D + 1) + k] - r->w[(g * D + 7 + i) * D + k]) <=
                          16.0f / (1 << 22));
    }
    check_gemm(r, 3, 2, ZG_EPILOGUE_NONE, false, true, ROWS, 0);
    CU_ASSERT(provider->panel_bytes(r->panel) >= 3 * D * D * sizeof(float));
    rig_close(r);
}

static void test_gemm_rowmajor(void)
{
    struct rig *r = rig_open(1, 0, 2);
    provider->gemm_rowmajor(r->state, r->w, D, D, D, r->x, LDX, ROWS, r->y, LDY);
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t o = 0; o < D; o++) {
            double sum = 0.0, magnitude = 0.0;
            for (int64_t k = 0; k < D; k++) {
                sum += (double)r->w[o * D + k] * (double)r->x[i * LDX + k];
                magnitude += fabs((double)r->w[o * D + k] * (double)r->x[i * LDX + k]);
            }
            CU_ASSERT(fabs((double)r->y[i * LDY + o] - sum) <= (double)D / (1 << 24) * magnitude);
        }
    rig_close(r);
}

int main(void)
{
    static const struct zg_test tests[] = {{"products with adapters and epilogues", test_gemm},
                                           {"writing and reading weights", test_add_lowrank},
                                           {"the head's product", test_gemm_rowmajor},
                                           {NULL, NULL}};
    return zg_test_run("engines/openblas/provider", tests);
}
