/*
 * reference.c - the textbook loops of OPT in double precision; nothing here is fast.
 *
 * Out of memory aborts: a test has nothing better to do.
 */
#include "tests/support/reference.h"

#include "engines/base/philox.h"
#include "engines/interface/direction.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct zg_reference {
    struct zg_model_shape shape;
    int32_t n_tensors; /* one past the largest id */
    double **w;        /* [n_tensors], each [rows][cols]; NULL where there is no such tensor */
    double **g;        /* likewise, of zg_reference_step(); NULL before the first */
    uint64_t seed_v;   /* of its last */
};

static void *take(int64_t n, size_t size)
{
    void *p = calloc((size_t)(n > 0 ? n : 1), size);
    if (!p) {
        fprintf(stderr, "reference: no memory\n");
        abort();
    }
    return p;
}

/* A tied head has no weights of its own. */
static bool tensor_exists(const struct zg_model_shape *shape, int32_t id, int64_t *n_rows,
                          int64_t *n_cols)
{
    return zg_model_tensor_size(shape, id, n_rows, n_cols) && zg_tensor_owner(shape, id) == id;
}

enum zg_status zg_reference_open(struct zg_reference **out, const struct zg_model *model,
                                 struct zg_error *err)
{
    (void)err;
    struct zg_reference *r = take(1, sizeof *r);
    r->shape = *zg_model_shape(model);
    r->n_tensors = zg_tensor_end(zg_shape_n_resident(&r->shape));
    r->w = take(r->n_tensors, sizeof *r->w);
    r->g = take(r->n_tensors, sizeof *r->g);
    for (int32_t id = 0; id < r->n_tensors; id++) {
        int64_t n_rows, n_cols;
        if (!tensor_exists(&r->shape, id, &n_rows, &n_cols))
            continue;
        r->w[id] = take(n_rows * n_cols, sizeof(double));
        float *row = take(n_cols, sizeof *row);
        for (int64_t i = 0; i < n_rows; i++) {
            zg_model_read(model, id, i, 1, row, n_cols);
            for (int64_t j = 0; j < n_cols; j++)
                r->w[id][i * n_cols + j] = (double)row[j];
        }
        free(row);
    }
    *out = r;
    return ZG_OK;
}

void zg_reference_close(struct zg_reference **reference)
{
    if (!reference || !*reference)
        return;
    for (int32_t id = 0; id < (*reference)->n_tensors; id++) {
        free((*reference)->w[id]);
        free((*reference)->g[id]);
    }
    free((*reference)->w);
    free((*reference)->g);
    free(*reference);
    *reference = NULL;
}

double zg_reference_weight(const struct zg_reference *reference, int32_t tensor, int64_t row,
                           int64_t col)
{
    int64_t n_rows, n_cols;
    tensor = zg_tensor_owner(&reference->shape, tensor);
    if (!zg_model_tensor_size(&reference->shape, tensor, &n_rows, &n_cols))
        return NAN;
    return reference->w[tensor][row * n_cols + col];
}

void zg_reference_set(struct zg_reference *reference, int32_t tensor, int64_t row,
                      const float *values)
{
    int64_t n_rows, n_cols;
    if (!tensor_exists(&reference->shape, tensor, &n_rows, &n_cols))
        return;
    for (int64_t j = 0; j < n_cols; j++)
        reference->w[tensor][row * n_cols + j] = (double)values[j];
}

/* ---- directions ------------------------------------------------------------------------ */

static void add_lowrank(double *w, int64_t n_rows, int64_t n_cols,
                        const struct zg_direction *direction, int32_t id, double coefficient)
{
    const int64_t rank = direction->rank;
    float *u = take(n_rows * rank, sizeof *u), *v = take(n_cols * rank, sizeof *v);
    zg_direction_u(direction, id, 0, n_rows, u);
    zg_direction_v(direction, id, 0, n_cols, v);
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t j = 0; j < n_cols; j++) {
            double d = 0;
            for (int64_t k = 0; k < rank; k++)
                d += (double)u[i * rank + k] * (double)v[j * rank + k];
            w[i * n_cols + j] += coefficient * (double)direction->scale * d;
        }
    free(u);
    free(v);
}

static void add_elementwise(double *w, int64_t n, const struct zg_direction *direction, int32_t id,
                            double coefficient)
{
    const double c = coefficient * (double)direction->scale;
    if (direction->kind == ZG_DIRECTION_RADEMACHER) {
        uint32_t *words = take(n, sizeof *words);
        zg_philox_words(direction->seed_u, id, ZG_STREAM_DENSE, 0, n, words);
        for (int64_t i = 0; i < n; i++)
            w[i] += words[i] & 1u ? -c : c;
        free(words);
    } else {
        float *z = take(n, sizeof *z);
        zg_philox_normal(direction->seed_u, id, ZG_STREAM_DENSE, 0, n, z);
        for (int64_t i = 0; i < n; i++)
            w[i] += c * (double)z[i];
        free(z);
    }
}

static bool is_lowrank(const struct zg_direction *direction)
{
    return direction->kind == ZG_DIRECTION_LOWRANK || direction->kind == ZG_DIRECTION_FACTORISED;
}

/* w += coefficient D of one tensor; LoZO perturbs 1-D tensors densely. */
static void add_tensor(double *w, int64_t n_rows, int64_t n_cols,
                       const struct zg_direction *direction, int32_t id, double coefficient)
{
    if (is_lowrank(direction) && n_cols > 1)
        add_lowrank(w, n_rows, n_cols, direction, id, coefficient);
    else
        add_elementwise(w, n_rows * n_cols, direction, id, coefficient);
}

/* g <- g V V^T / n_cols, a row at a time */
static void project(double *g, int64_t n_rows, int64_t n_cols, const struct zg_direction *direction,
                    int32_t id)
{
    const int64_t rank = direction->rank;
    float *v = take(n_cols * rank, sizeof *v);
    double *t = take(rank, sizeof *t);
    zg_direction_v(direction, id, 0, n_cols, v);
    for (int64_t i = 0; i < n_rows; i++, g += n_cols) {
        memset(t, 0, (size_t)rank * sizeof *t);
        for (int64_t j = 0; j < n_cols; j++)
            for (int64_t k = 0; k < rank; k++)
                t[k] += g[j] * (double)v[j * rank + k];
        for (int64_t j = 0; j < n_cols; j++) {
            g[j] = 0;
            for (int64_t k = 0; k < rank; k++)
                g[j] += t[k] * (double)v[j * rank + k] / (double)n_cols;
        }
    }
    free(v);
    free(t);
}

void zg_reference_step(struct zg_reference *reference, const struct zg_direction *directions,
                       const double *c, int64_t n, double keep, double rate, double decay)
{
    struct zg_reference *const r = reference;
    const bool new_v = r->seed_v != directions[0].seed_v;
    for (int32_t id = 0; id < r->n_tensors; id++) {
        int64_t n_rows, n_cols;
        if (!tensor_exists(&r->shape, id, &n_rows, &n_cols) ||
            !zg_direction_includes(&directions[0], &r->shape, id))
            continue;
        if (!r->g[id])
            r->g[id] = take(n_rows * n_cols, sizeof(double));
        if (keep != 0 && new_v && n_cols > 1)
            project(r->g[id], n_rows, n_cols, &directions[0], id);
        for (int64_t k = 0; k < n_rows * n_cols; k++)
            r->g[id][k] *= keep;
        for (int64_t i = 0; i < n; i++)
            add_tensor(r->g[id], n_rows, n_cols, &directions[i], id, c[i]);
        for (int64_t k = 0; k < n_rows * n_cols; k++)
            r->w[id][k] -= rate * r->g[id][k] + (n_cols > 1 ? decay * r->w[id][k] : 0);
    }
    r->seed_v = directions[0].seed_v;
}

void zg_reference_add(struct zg_reference *reference, const struct zg_direction *direction,
                      double coefficient)
{
    for (int32_t id = 0; id < reference->n_tensors; id++) {
        int64_t n_rows, n_cols;
        if (!tensor_exists(&reference->shape, id, &n_rows, &n_cols) ||
            !zg_direction_includes(direction, &reference->shape, id))
            continue;
        add_tensor(reference->w[id], n_rows, n_cols, direction, id, coefficient);
    }
}

/* ---- forward --------------------------------------------------------------------------- */

/* Sums side by side: each alone would wait for its last addition at every k. */
enum { SIDE_BY_SIDE = 8 };

static inline void dots(const double *w, const double *x, int64_t n_in, int n, const double *b,
                        double *y)
{
    double sum[SIDE_BY_SIDE];
    for (int i = 0; i < n; i++)
        sum[i] = b[i];
    for (int64_t k = 0; k < n_in; k++)
        for (int i = 0; i < n; i++)
            sum[i] += w[i * n_in + k] * x[k];
    for (int i = 0; i < n; i++)
        y[i] = sum[i];
}

/* y [T][n_out] = x [T][n_in] W^T + b */
static void linear(const struct zg_reference *r, int32_t weight, int64_t T, const double *x,
                   double *y)
{
    int64_t n_out, n_in;
    (void)zg_model_tensor_size(&r->shape, weight, &n_out, &n_in);
    const double *w = r->w[weight], *b = r->w[zg_tensor_bias(&r->shape, weight)];
    for (int64_t t = 0; t < T; t++, x += n_in, y += n_out) {
        int64_t o = 0;
        for (; o + SIDE_BY_SIDE <= n_out; o += SIDE_BY_SIDE)
            dots(w + o * n_in, x, n_in, SIDE_BY_SIDE, b + o, y + o);
        for (; o < n_out; o++)
            dots(w + o * n_in, x, n_in, 1, b + o, y + o);
    }
}

/* y [T][d] = layer norm of x's rows */
static void layer_norm(const double *gain, const double *bias, int64_t T, int64_t d,
                       const double *x, double *y)
{
    for (int64_t t = 0; t < T; t++, x += d, y += d) {
        double mean = 0, variance = 0;
        for (int64_t i = 0; i < d; i++)
            mean += x[i] / (double)d;
        for (int64_t i = 0; i < d; i++)
            variance += (x[i] - mean) * (x[i] - mean) / (double)d;
        const double scale = 1.0 / sqrt(variance + (double)ZG_LAYER_NORM_EPS);
        for (int64_t i = 0; i < d; i++)
            y[i] = (x[i] - mean) * scale * gain[i] + bias[i];
    }
}

/* y [T][d] = causal multi-head attention; p [T] is scratch */
static void attention(const struct zg_model_shape *shape, int64_t T, const double *q,
                      const double *k, const double *v, double *p, double *y)
{
    const int64_t d = shape->d_model, dh = d / shape->n_heads;
    const double scale = 1.0 / sqrt((double)dh);
    for (int64_t h = 0; h < shape->n_heads; h++)
        for (int64_t t = 0; t < T; t++) {
            double largest = -INFINITY, total = 0;
            for (int64_t s = 0; s <= t; s++) {
                p[s] = 0;
                for (int64_t i = 0; i < dh; i++)
                    p[s] += scale * q[t * d + h * dh + i] * k[s * d + h * dh + i];
                largest = fmax(largest, p[s]);
            }
            for (int64_t s = 0; s <= t; s++)
                total += p[s] = exp(p[s] - largest);
            for (int64_t i = 0; i < dh; i++) {
                double sum = 0;
                for (int64_t s = 0; s <= t; s++)
                    sum += p[s] / total * v[s * d + h * dh + i];
                y[t * d + h * dh + i] = sum;
            }
        }
}

/* Work space of a sequence of T tokens. */
struct work {
    double *x, *n, *q, *k, *v, *f, *p;
};

static struct work work_open(const struct zg_model_shape *shape, int64_t T)
{
    const int64_t n = T * shape->d_model;
    return (struct work){take(n, sizeof(double)), take(n, sizeof(double)),
                         take(n, sizeof(double)), take(n, sizeof(double)),
                         take(n, sizeof(double)), take(T * shape->d_ffn, sizeof(double)),
                         take(T, sizeof(double))};
}

static void work_close(struct work *w)
{
    double *all[] = {w->x, w->n, w->q, w->k, w->v, w->f, w->p};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static void layer(const struct zg_reference *r, int64_t l, int64_t T, struct work *w)
{
    const int64_t d = r->shape.d_model;
    const int32_t id = zg_tensor_layer(l, ZG_T_Q_WEIGHT);
    layer_norm(r->w[id + ZG_T_NORM1_WEIGHT], r->w[id + ZG_T_NORM1_BIAS], T, d, w->x, w->n);
    linear(r, id + ZG_T_Q_WEIGHT, T, w->n, w->q);
    linear(r, id + ZG_T_K_WEIGHT, T, w->n, w->k);
    linear(r, id + ZG_T_V_WEIGHT, T, w->n, w->v);
    attention(&r->shape, T, w->q, w->k, w->v, w->p, w->n);
    linear(r, id + ZG_T_OUT_WEIGHT, T, w->n, w->q);
    for (int64_t i = 0; i < T * d; i++)
        w->x[i] += w->q[i];
    layer_norm(r->w[id + ZG_T_NORM2_WEIGHT], r->w[id + ZG_T_NORM2_BIAS], T, d, w->x, w->n);
    linear(r, id + ZG_T_FC1_WEIGHT, T, w->n, w->f);
    for (int64_t i = 0; i < T * r->shape.d_ffn; i++)
        w->f[i] = w->f[i] < 0 ? 0 : w->f[i]; /* not fmax: NaN must stay NaN */
    linear(r, id + ZG_T_FC2_WEIGHT, T, w->f, w->n);
    for (int64_t i = 0; i < T * d; i++)
        w->x[i] += w->n[i];
}

/* Logits [n_vocab] of what follows the prefix whose hidden state is h [d], and the largest. */
static double *logits_of(const struct zg_reference *r, const double *h, double *out_largest)
{
    const int64_t d = r->shape.d_model, n_vocab = r->shape.n_vocab;
    const double *head = r->w[zg_tensor_owner(&r->shape, ZG_T_HEAD)];
    double *logit = take(n_vocab, sizeof *logit);
    double largest = -INFINITY;
    for (int64_t i = 0; i < n_vocab; i++) {
        for (int64_t k = 0; k < d; k++)
            logit[i] += head[i * d + k] * h[k];
        largest = fmax(largest, logit[i]);
    }
    *out_largest = largest;
    return logit;
}

/* log p(token | the prefix whose hidden state is h [d]) */
static double log_probability(const struct zg_reference *r, const double *h, int32_t token)
{
    double largest, total = 0;
    double *logit = logits_of(r, h, &largest);
    for (int64_t i = 0; i < r->shape.n_vocab; i++)
        total += exp(logit[i] - largest);
    const double result = logit[token] - largest - log(total);
    free(logit);
    return result;
}

/* The hidden states w.n [n_stem + n_tail][d] of a sequence of two parts. */
static struct work hidden(const struct zg_reference *r, const int32_t *stem, int64_t n_stem,
                          const int32_t *tail, int64_t n_tail)
{
    const int64_t d = r->shape.d_model, T = n_stem + n_tail;
    struct work w = work_open(&r->shape, T);
    for (int64_t t = 0; t < T; t++) {
        const int64_t token = t < n_stem ? stem[t] : tail[t - n_stem];
        for (int64_t i = 0; i < d; i++)
            w.x[t * d + i] = r->w[ZG_T_EMBED_TOKENS][token * d + i] +
                             r->w[ZG_T_EMBED_POSITIONS][(t + ZG_POSITION_OFFSET) * d + i];
    }
    for (int64_t l = 0; l < r->shape.n_layers; l++)
        layer(r, l % zg_shape_n_resident(&r->shape), T, &w);
    layer_norm(r->w[ZG_T_FINAL_NORM_WEIGHT], r->w[ZG_T_FINAL_NORM_BIAS], T, d, w.x, w.n);
    return w;
}

/* Sum of log p over the option's tokens. */
static double score_option(const struct zg_reference *r, const struct zg_example *example,
                           const struct zg_option *option)
{
    const int64_t d = r->shape.d_model, n_stem = example->n_stem;
    struct work w = hidden(r, example->stem, n_stem, option->tokens, option->n_tokens);
    double sum = 0;
    for (int64_t j = 0; j < option->n_tokens; j++)
        sum += log_probability(r, w.n + (n_stem - 1 + j) * d, option->tokens[j]);
    work_close(&w);
    return sum;
}

double zg_reference_next_gap(const struct zg_reference *reference, const int32_t *stem, int64_t n,
                             int32_t token)
{
    const int64_t d = reference->shape.d_model;
    struct work w = hidden(reference, stem, n, NULL, 0);
    double largest;
    double *logit = logits_of(reference, w.n + (n - 1) * d, &largest);
    const double gap = largest - logit[token];
    free(logit);
    work_close(&w);
    return gap;
}

/* ---- losses ---------------------------------------------------------------------------- */

static double cross_entropy(const double *score, int64_t n, int64_t gold)
{
    double largest = -INFINITY, total = 0;
    for (int64_t o = 0; o < n; o++)
        largest = fmax(largest, score[o]);
    for (int64_t o = 0; o < n; o++)
        total += exp(score[o] - largest);
    return largest + log(total) - score[gold];
}

double zg_reference_score(const struct zg_reference *reference, const struct zg_batch *batch,
                          double *example_loss, double *option_score)
{
    double total = 0, n_total = 0;
    int64_t first_option = 0;
    for (int64_t e = 0; e < batch->n_examples; e++) {
        const struct zg_example *example = &batch->examples[e];
        const struct zg_option *gold = &example->options[example->gold];
        double *score = take(example->n_options, sizeof *score);
        for (int64_t o = 0; o < example->n_options; o++)
            score[o] = score_option(reference, example, &example->options[o]) /
                       (double)example->options[o].n_tokens;
        double loss, weight = 1;
        if (batch->loss == ZG_LOSS_LM) {
            loss = -score[example->gold];
            weight = (double)gold->n_tokens;
        } else {
            loss = cross_entropy(score, example->n_options, example->gold);
        }
        total += weight * loss;
        n_total += weight;
        if (example_loss)
            example_loss[e] = loss;
        if (option_score)
            memcpy(option_score + first_option, score, (size_t)example->n_options * sizeof *score);
        first_option += example->n_options;
        free(score);
    }
    return total / n_total;
}
