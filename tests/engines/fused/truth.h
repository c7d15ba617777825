/*
 * truth.h - what a panel should hold and a gemm should add up, in any dtype: numbers of the tests'
 * own rounding, sums in double.
 */
#ifndef ZG_TESTS_FUSED_TRUTH_H
#define ZG_TESTS_FUSED_TRUTH_H

#include <math.h>
#include <stdlib.h>

#include "engines/fused/fused.h"
#include "tests/engines/fused/guard.h"
#include "tests/engines/fused/words.h"

struct layer {
    int64_t n_groups, n_out, n_in;
    int32_t tensors[3];
};
/* All of a layer's weights as a panel should hold them, and adapter columns, row-major. */
struct truth {
    struct layer layer;
    enum zg_dtype dtype;
    float *w;     /* [n_groups * n_out][n_in], rounded, without the scale; kept columns 0 */
    float *scale; /* [n_groups * n_out] */
    float *kept;  /* [n_groups * n_out][n_kept] */
    float *extra; /* [n_groups * n_out][n_extra] */
    const int32_t *columns;
    int64_t n_kept, n_extra;
};

static inline float *floats(int64_t n)
{
    float *p = malloc((size_t)zg_max64(n, 1) * sizeof(float));
    if (!p)
        abort();
    return p;
}

/* A row as a panel and a gemm should see it; returns its scale. */
static inline float round_row(const struct truth *t, float *row, float *kept)
{
    for (int64_t c = 0; c < t->n_kept; c++) {
        test_round_row(ZG_BF16, &row[t->columns[c]], 1, &kept[c]);
        row[t->columns[c]] = 0.0f;
    }
    return test_round_row(t->dtype, row, t->layer.n_in, row);
}

static inline struct truth truth_open(const struct zg_model *model, struct layer layer,
                                      enum zg_dtype dtype, const int32_t *columns, int64_t n_kept,
                                      int64_t n_extra, uint64_t *seed)
{
    const int64_t n_out = layer.n_groups * layer.n_out;
    struct truth t = {
        .layer = layer, .dtype = dtype, .columns = columns, .n_kept = n_kept, .n_extra = n_extra};
    t.w = floats(n_out * layer.n_in);
    t.scale = floats(n_out);
    t.kept = floats(n_out * n_kept);
    t.extra = floats(n_out * n_extra);
    for (int64_t o = 0; o < n_out; o++) {
        float *row = t.w + o * layer.n_in;
        zg_model_read(model, layer.tensors[o / layer.n_out], o % layer.n_out, 1, row, layer.n_in);
        t.scale[o] = round_row(&t, row, t.kept + o * n_kept);
    }
    for (int64_t i = 0; i < n_out * n_extra; i++)
        t.extra[i] = test_uniform(seed);
    return t;
}
static inline void truth_close(struct truth *t)
{
    free(t->w);
    free(t->scale);
    free(t->kept);
    free(t->extra);
}

/* Number k of row o as read() should give it. */
static inline float truth_weight(const struct truth *t, int64_t o, int64_t k)
{
    for (int64_t c = 0; c < t->n_kept; c++)
        if (t->columns[c] == k)
            return t->kept[o * t->n_kept + c];
    return t->scale[o] * t->w[o * t->layer.n_in + k];
}

/* Row x as a gemm should see it. */
struct row {
    float *x; /* [n_in] rounded, without the scale */
    float scale;
    float *kept; /* [n_kept] */
};

/* sum_k w x of output o, kept columns included, and how far fp32 may be from it: kernels.h says
 * how each dtype sums (test_kernels.c derives the bounds); each k block is added once more. */
static inline double product(const struct truth *t, const struct row *r, int64_t o, double *bound)
{
    const int64_t n_in = t->layer.n_in;
    const int64_t n_blocks = 1 + n_in / (ZG_K_BLOCK * zg_word_size(t->dtype) / 2);
    double sum = 0.0, magnitude = 0.0;
    for (int64_t k = 0; k < n_in; k++) {
        const double term = (double)t->w[o * n_in + k] * (double)r->x[k];
        sum += term;
        magnitude += fabs(term);
    }
    if (t->dtype == ZG_INT8) {
        const double scale = (double)t->scale[o] * (double)r->scale;
        sum *= scale;
        *bound = sum_bound(3, n_blocks, magnitude * scale);
    } else {
        *bound = sum_bound(t->dtype == ZG_BF16 ? 2 * n_in : n_in, n_blocks, magnitude);
    }
    for (int64_t c = 0; c < t->n_kept; c++) {
        const double term = (double)t->kept[o * t->n_kept + c] * (double)r->kept[c];
        sum += term;
        *bound += sum_bound(t->n_kept, t->n_extra, fabs(term) + fabs(sum));
    }
    return sum;
}

#endif
