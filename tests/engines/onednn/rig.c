/* rig.c - runs one product in the kernel provider and in double precision. */
#include "tests/engines/onednn/rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/convert.h"
#include "engines/base/narrow.h"
#include "engines/base/philox.h"
#include "engines/base/size.h"

/* ---- data ------------------------------------------------------------------------------------ */

float *numbers(uint64_t seed, int64_t n)
{
    float *const x = malloc((size_t)zg_max64(1, n) * sizeof *x);
    if (!x)
        exit(EXIT_FAILURE);
    zg_philox_normal(seed, 0, ZG_STREAM_DATA, 0, n, x);
    return x;
}

struct zg_model *model_open(int64_t d_model, int64_t d_ffn)
{
    const struct zg_model_shape shape = {.n_layers = 1,
                                         .d_model = d_model,
                                         .n_heads = 1,
                                         .d_ffn = d_ffn,
                                         .n_vocab = 11,
                                         .n_positions = 4,
                                         .tied_head = true};
    struct zg_error err = {0};
    struct zg_model *model = NULL;
    if (zg_model_open_shape(&model, "odd", &shape, 7, &err))
        CU_FAIL_FATAL(err.text);
    return model;
}

struct layer layer_of(const struct zg_model *model, enum zg_tensor_kind kind)
{
    struct layer layer = {.shape.n_groups = kind == ZG_T_Q_WEIGHT ? 3 : 1};
    for (int32_t g = 0; g < 3; g++)
        layer.tensors[g] = zg_tensor_layer(0, kind) + 2 * g;
    CU_ASSERT_FATAL(zg_model_tensor_size(zg_model_shape(model), layer.tensors[0],
                                         &layer.shape.n_out, &layer.shape.n_in));
    return layer;
}

/* One row as the provider rounds it: bf16, or int8 but for the kept columns, which are bf16. */
static void row_round(const struct setup *s, float *row)
{
    const struct zg_narrow *narrow = zg_narrow_at(0);
    const int64_t n = s->layer.shape.n_in;
    uint16_t low[2048];
    int8_t q[2048];
    float kept[ZG_MAX_KEPT];
    switch (s->layer.shape.dtype) {
    case ZG_BF16:
        narrow->bf16(row, n, low);
        for (int64_t k = 0; k < n; k++)
            row[k] = zg_float_of_bf16(low[k]);
        break;
    case ZG_INT8: {
        for (int64_t c = 0; c < s->n_kept; c++) {
            narrow->bf16(&row[s->kept[c]], 1, low);
            kept[c] = zg_float_of_bf16(low[0]);
            row[s->kept[c]] = 0.0f;
        }
        const float scale = narrow->int8(row, n, q);
        for (int64_t k = 0; k < n; k++)
            row[k] = scale * (float)q[k];
        for (int64_t c = 0; c < s->n_kept; c++)
            row[s->kept[c]] = kept[c];
        break;
    }
    default:
        break;
    }
}

/* Rows of all groups as the panel should hold them, [n_groups * n_out][n_in]. */
static void weights_set(struct setup *s, const struct zg_model *model)
{
    const int64_t n_out = s->layer.shape.n_out, n_in = s->layer.shape.n_in;
    for (int64_t g = 0; g < s->layer.shape.n_groups; g++)
        zg_model_read(model, s->layer.tensors[g], 0, n_out, s->w + g * n_out * n_in, n_in);
    for (int64_t o = 0; o < s->layer.shape.n_groups * n_out; o++)
        row_round(s, s->w + o * n_in);
}

static struct zg_provider_options provider_options(enum zg_dtype dtype)
{
    return (struct zg_provider_options){.dtypes = 1u << dtype,
                                        .n_threads = 1,
                                        .max_rows = MAX_ROWS,
                                        .max_in = 2048,
                                        .max_extra = MAX_EXTRA,
                                        .packed = true};
}

struct setup setup_open(const struct zg_model *model, enum zg_dtype dtype, enum zg_tensor_kind kind,
                        int64_t n_threads, bool packed, int64_t ldx, int64_t ldy)
{
    struct zg_provider_options options = provider_options(dtype);
    struct zg_error err = {0};
    struct setup s = {.layer = layer_of(model, kind)};
    options.n_threads = n_threads;
    options.packed = packed;
    s.layer.shape.dtype = dtype;
    s.layer.shape.ldx = ldx;
    s.layer.shape.ldy = ldy;
    if (zg_provider_onednn.open(&s.state, &options, &err) ||
        zg_provider_onednn.pack(s.state, &s.panel, &s.layer.shape, model, s.layer.tensors, &err))
        CU_FAIL_FATAL(err.text);
    s.w = numbers(0, s.layer.shape.n_groups * s.layer.shape.n_out * s.layer.shape.n_in);
    weights_set(&s, model);
    return s;
}

void setup_keep(struct setup *s, const struct zg_model *model, const int32_t *columns, int64_t n)
{
    struct zg_error err = {0};
    if (zg_provider_onednn.keep_columns(s->state, s->panel, model, s->layer.tensors, columns, n,
                                        &err))
        CU_FAIL_FATAL(err.text);
    memcpy(s->kept, columns, (size_t)n * sizeof *columns);
    s->n_kept = n;
    weights_set(s, model);
}

void setup_close(struct setup *s)
{
    zg_provider_onednn.unpack(&s->panel);
    zg_provider_onednn.close(&s->state);
    CU_ASSERT_PTR_NULL(s->panel);
    CU_ASSERT_PTR_NULL(s->state);
    free(s->w);
}

void each_dtype(void (*check)(enum zg_dtype dtype))
{
    for (int dtype = ZG_FP32; dtype < ZG_N_DTYPES; dtype++) {
        if (!(zg_provider_onednn.dtypes & 1u << dtype))
            continue;
        const struct zg_provider_options options = provider_options((enum zg_dtype)dtype);
        struct zg_provider_state *state = NULL;
        struct zg_error err = {0};
        const enum zg_status status = zg_provider_onednn.open(&state, &options, &err);
        zg_provider_onednn.close(&state);
        if (status == ZG_ENV)
            printf("skipped: %s ", err.text);
        else
            check((enum zg_dtype)dtype);
    }
}

/* ---- products -------------------------------------------------------------------------------- */

#define UNTOUCHED 12345.0f

void product_check(const struct setup *s, const struct product *p)
{
    const int64_t n_in = s->layer.shape.n_in, n_out = s->layer.shape.n_out;
    const int64_t n_groups = s->layer.shape.n_groups, n_total = n_groups * n_out;
    const int64_t ldx = n_in + n_groups * p->n_extra + p->pad, ldy = n_total + p->pad;
    float *const x = numbers(1, p->n_rows * ldx), *const y = numbers(2, p->n_rows * ldy);
    float *const before = numbers(2, p->n_rows * ldy); /* y as it was: the residual in place */
    float *const other = numbers(3, p->n_rows * ldy), *const bias = numbers(4, n_total);
    float *const extra = numbers(5, n_total * p->n_extra);
    for (int64_t i = 0; i < p->n_rows; i++)
        for (int64_t o = n_total; o < ldy; o++)
            y[i * ldy + o] = UNTOUCHED;
    const bool in_place = p->residual == IN_PLACE;
    const struct zg_gemm g = {
        .w = s->panel,
        .x = x,
        .ldx = ldx,
        .n_rows = p->n_rows,
        .n_extra = p->n_extra,
        .bias = p->bias ? bias : NULL,
        .n_difference_rows = p->n_difference_rows,
        .epilogue = p->epilogue,
        .residual = p->epilogue == ZG_EPILOGUE_RESIDUAL ? (in_place ? y : other) : NULL,
        .ldr = ldy,
        .y = y,
        .ldy = ldy};
    zg_provider_onednn.set_extra(s->state, s->panel, extra, p->n_extra, 0);
    zg_provider_onednn.gemm(s->state, &g);

    const double n = (double)(n_in + p->n_extra + 3), u = ldexp(1.0, -24);
    int64_t n_wrong = 0, n_overwritten = 0;
    for (int64_t i = 0; i < p->n_rows; i++) {
        row_round(s, x + i * ldx);
        for (int64_t o = 0; o < n_total; o++) {
            const int64_t group = o / n_out;
            double sum = 0.0, bound = 0.0;
            for (int64_t k = 0; k < n_in; k++) {
                const double term = (double)x[i * ldx + k] * (double)s->w[o * n_in + k];
                sum += term;
                bound += fabs(term);
            }
            for (int64_t e = 0; e < p->n_extra; e++) {
                const double term = (double)x[i * ldx + n_in + group * p->n_extra + e] *
                                    (double)extra[o * p->n_extra + e];
                sum += term;
                bound += fabs(term);
            }
            if (p->bias && i < p->n_rows - p->n_difference_rows) {
                sum += (double)bias[o];
                bound += fabs((double)bias[o]);
            }
            if (g.residual) {
                const double r = (double)(in_place ? before : other)[i * ldy + o];
                sum += r;
                bound += fabs(r);
            }
            if (p->epilogue == ZG_EPILOGUE_RELU)
                sum = fmax(sum, 0.0);
            n_wrong += !(fabs((double)y[i * ldy + o] - sum) <= bound * n * u / (1.0 - n * u));
        }
        for (int64_t o = n_total; o < ldy; o++)
            n_overwritten += y[i * ldy + o] != UNTOUCHED;
    }
    CU_ASSERT_EQUAL(n_wrong, 0);
    CU_ASSERT_EQUAL(n_overwritten, 0);
    free(x);
    free(y);
    free(before);
    free(other);
    free(bias);
    free(extra);
}

void epilogues_check(const struct setup *s, int64_t n_rows, int64_t n_extra, int64_t pad)
{
    struct product p = {.n_rows = n_rows, .n_extra = n_extra, .pad = pad};
    for (int bias = 0; bias < 2; bias++) {
        p.bias = bias != 0;
        p.epilogue = ZG_EPILOGUE_NONE;
        product_check(s, &p);
        p.epilogue = ZG_EPILOGUE_RELU;
        product_check(s, &p);
        p.epilogue = ZG_EPILOGUE_RESIDUAL;
        p.residual = ANOTHER;
        product_check(s, &p);
        p.residual = IN_PLACE;
        product_check(s, &p);
    }
}
