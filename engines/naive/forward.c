/*
 * forward.c - one forward over [options x padded length] rows, logits of the whole vocabulary at
 * every one of them.
 *
 * Strong where the structure leaves it free: q, k and v are one product; biases and residual sums
 * ride on the passes that are there anyway; attention skips the padding; the logits are made, and
 * reduced, in chunks of rows, so that they never all lie in memory.  All logits of all positions
 * are computed all the same.
 *
 * In bf16 whatever makes a product's x rounds it there and then, into state->low; all else is fp32.
 */
#include "engines/naive/naive.h"

#include "engines/base/size.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* Bytes of an element of a product's x or w. */
static double item_size(const struct zg_engine_state *s)
{
    return s->low ? sizeof *s->low : sizeof *s->n;
}

/* x is row `row` of the next product's x: n of its ld columns, from `first` on. */
static void round_row(const struct zg_engine_state *s, const float *x, int64_t row, int64_t ld,
                      int64_t first, int64_t n)
{
    if (s->low)
        s->narrow->bf16(x, n, s->low + row * ld + first);
}

/* x [n_rows][n_in] from row `first` on is fp32's; bf16 takes the same rows of s->low. */
static void multiply(struct zg_engine_state *s, enum zg_phase phase, int64_t n_rows, int64_t n_out,
                     int64_t n_in, const float *x, int64_t first, const void *w, float *y,
                     int64_t ldy, bool accumulate)
{
    zg_naive_phase(s, phase);
    const struct zg_naive_gemm g = {.dtype = s->options.dtype,
                                    .n_rows = n_rows,
                                    .n_out = n_out,
                                    .n_in = n_in,
                                    .x = s->low ? (const void *)(s->low + first * n_in)
                                                : x + first * n_in,
                                    .ldx = n_in,
                                    .w = w,
                                    .ldw = n_in,
                                    .y = y,
                                    .ldy = ldy,
                                    .accumulate = accumulate,
                                    .n_threads = s->options.n_threads,
                                    .kernels = s->kernels};
    s->gemm->run(s->gemm_state, &g);
    const double m = (double)n_rows, n = (double)n_out, k = (double)n_in;
    zg_naive_count(s, phase, 2 * m * n * k,
                   item_size(s) * (m * k + n * k) + 4 * m * n * (accumulate ? 2 : 1));
}

/* x [rows][d] = token embedding + position embedding.  The official model counts positions over
 * real tokens only, so padding gets position -1: row 1 of the table. */
static void embed(struct zg_engine_state *s)
{
    zg_naive_phase(s, ZG_PHASE_EMBED);
    const struct zg_naive_batch *b = &s->batch;
    const int64_t d = s->weights.shape.d_model, n_rows = b->n_sequences * b->length;
    const struct zg_naive_weights *w = &s->weights;
    const bool low = zg_naive_is_low(w, ZG_T_EMBED_TOKENS);
    const void *tokens = zg_naive_matrix(w, ZG_T_EMBED_TOKENS);
    const float *positions = zg_naive_tensor(w, ZG_T_EMBED_POSITIONS);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t row = 0; row < n_rows; row++) {
        const int64_t t = row % b->length - (b->length - b->n_real[row / b->length]);
        const float *position = positions + (zg_max64(t, -1) + ZG_POSITION_OFFSET) * d;
        float *x = s->x + row * d;
        if (low)
            s->kernels->widen((const uint16_t *)tokens + b->token[row] * d, d, x);
        else
            memcpy(x, (const float *)tokens + b->token[row] * d, (size_t)d * sizeof *x);
        for (int64_t i = 0; i < d; i++)
            x[i] += position[i];
    }
    zg_naive_count(s, ZG_PHASE_EMBED, 0, (8.0 + item_size(s)) * (double)(n_rows * d));
}

/* x += bias where there is one; n = layer norm of x, which in bf16 is rounded from cache */
static void norm(struct zg_engine_state *s, const float *bias, int32_t gain)
{
    zg_naive_phase(s, ZG_PHASE_NORM);
    const int64_t d = s->weights.shape.d_model, n_rows = s->batch.n_sequences * s->batch.length;
    const float *g = zg_naive_tensor(&s->weights, gain), *b = zg_naive_bias(&s->weights, gain);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t row = 0; row < n_rows; row++) {
        float *n = s->low ? s->row + omp_get_thread_num() * s->row_stride : s->n + row * d;
        s->kernels->norm(s->x + row * d, bias, g, b, n, d);
        round_row(s, n, row, d, 0, d);
    }
    zg_naive_count(s, ZG_PHASE_NORM, 0, ((bias ? 8.0 : 4.0) + item_size(s)) * (double)(n_rows * d));
}

/* n [rows][d] = attention.  Padding attends to nothing and gets 0: no label depends on it. */
static void attention(struct zg_engine_state *s, int64_t layer)
{
    zg_naive_phase(s, ZG_PHASE_ATTENTION);
    const struct zg_naive_batch *b = &s->batch;
    const struct zg_model_shape *shape = &s->weights.shape;
    const int64_t d = shape->d_model, dh = d / shape->n_heads, T = b->length;
    const float *bias = zg_naive_bias(&s->weights, zg_tensor_layer(layer, ZG_T_Q_WEIGHT));
    double keys = 0;
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static, 1)                \
    reduction(+ : keys)
    for (int64_t task = 0; task < b->n_sequences * shape->n_heads; task++) {
        const int64_t sequence = task / shape->n_heads, h = task % shape->n_heads;
        const int64_t n_real = b->n_real[sequence], first = sequence * T + T - n_real;
        const float *q = s->qkv + first * 3 * d + h * dh;
        float *out = s->n + first * d + h * dh;
        for (int64_t row = sequence * T; row < first; row++)
            memset(s->n + row * d + h * dh, 0, (size_t)dh * sizeof *s->n);
        const struct zg_naive_head head = {
            .n = n_real,
            .head_dim = dh,
            .ld = 3 * d,
            .q = q,
            .k = q + d,
            .v = q + 2 * d,
            .q_bias = bias + h * dh,
            .k_bias = bias + d + h * dh,
            .v_bias = bias + 2 * d + h * dh,
            .q_scale = 1.0f / sqrtf((float)dh),
            .out = out,
            .ld_out = d,
            .scratch = s->scratch + omp_get_thread_num() * s->scratch_stride,
        };
        s->kernels->attention(&head);
        for (int64_t row = sequence * T; row < (sequence + 1) * T; row++)
            round_row(s, s->n + row * d + h * dh, row, d, h * dh, dh);
        keys += (double)n_real * (double)(n_real + 1) / 2;
    }
    zg_naive_count(s, ZG_PHASE_ATTENTION, 4 * keys * (double)dh,
                   (12.0 + item_size(s)) * (double)(b->n_sequences * T * d));
}

static void relu(struct zg_engine_state *s, const float *bias)
{
    const int64_t n_rows = s->batch.n_sequences * s->batch.length, f = s->weights.shape.d_ffn;
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t row = 0; row < n_rows; row++) {
        s->kernels->bias_relu(s->ffn + row * f, bias, f);
        round_row(s, s->ffn + row * f, row, f, 0, f);
    }
    zg_naive_count(s, ZG_PHASE_FC1, 0, (4.0 + item_size(s)) * (double)(n_rows * f));
}

/* x of the layer below still lacks `bias`, its last one; returns the bias that x lacks after this
 * layer. */
static const float *layer(struct zg_engine_state *s, int64_t l, const float *bias)
{
    const struct zg_naive_weights *w = &s->weights;
    const int64_t d = w->shape.d_model, f = w->shape.d_ffn;
    const int64_t n_rows = s->batch.n_sequences * s->batch.length;
    const int32_t qkv = zg_tensor_layer(l, ZG_T_Q_WEIGHT),
                  out = zg_tensor_layer(l, ZG_T_OUT_WEIGHT);
    const int32_t fc1 = zg_tensor_layer(l, ZG_T_FC1_WEIGHT),
                  fc2 = zg_tensor_layer(l, ZG_T_FC2_WEIGHT);
    norm(s, bias, zg_tensor_layer(l, ZG_T_NORM1_WEIGHT));
    multiply(s, ZG_PHASE_QKV, n_rows, 3 * d, d, s->n, 0, zg_naive_matrix(w, qkv), s->qkv, 3 * d,
             false);
    attention(s, l);
    multiply(s, ZG_PHASE_OUT, n_rows, d, d, s->n, 0, zg_naive_matrix(w, out), s->x, d, true);
    norm(s, zg_naive_bias(w, out), zg_tensor_layer(l, ZG_T_NORM2_WEIGHT));
    multiply(s, ZG_PHASE_FC1, n_rows, f, d, s->n, 0, zg_naive_matrix(w, fc1), s->ffn, f, false);
    relu(s, zg_naive_bias(w, fc1));
    multiply(s, ZG_PHASE_FC2, n_rows, d, f, s->ffn, 0, zg_naive_matrix(w, fc2), s->x, d, true);
    return zg_naive_bias(w, fc2);
}

/* log_p of rows begin .. begin + n - 1.  The normaliser of every position but a sequence's last is
 * formed, as the official log_softmax over the shifted logits does, labelled or not. */
static void log_softmax(struct zg_engine_state *s, int64_t begin, int64_t n)
{
    zg_naive_phase(s, ZG_PHASE_LOSS);
    const struct zg_naive_batch *b = &s->batch;
    const int64_t n_vocab = s->weights.shape.n_vocab;
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static, 1)
    for (int64_t i = 0; i < n; i++) {
        const float *logits = s->logits + i * s->ld_logits;
        const int64_t row = begin + i;
        if (row % b->length == b->length - 1)
            continue;
        s->log_p[row] = -s->kernels->log_sum_exp(logits, n_vocab);
        if (b->label[row] >= 0)
            s->log_p[row] += (double)logits[b->label[row]];
    }
    zg_naive_count(s, ZG_PHASE_LOSS, 0, 4.0 * (double)(n * n_vocab));
}

/* The largest logit of each stem whose last row is one of begin .. begin + n - 1; NaN is larger
 * than nothing. */
static void pick_next(const struct zg_engine_state *s, int64_t begin, int64_t n,
                      int32_t *next_token)
{
    const struct zg_naive_batch *b = &s->batch;
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t e = 0; e < b->n_examples; e++) {
        const int64_t row = b->stem_end[e] - begin;
        if (row < 0 || row >= n)
            continue;
        const float *logits = s->logits + row * s->ld_logits;
        float best = -INFINITY;
        next_token[e] = 0;
        for (int64_t i = 0; i < s->weights.shape.n_vocab; i++)
            if (logits[i] > best) {
                best = logits[i];
                next_token[e] = (int32_t)i;
            }
    }
}

void zg_naive_forward(struct zg_engine_state *state, int32_t *next_token)
{
    struct zg_engine_state *s = state;
    const struct zg_model_shape *shape = &s->weights.shape;
    const int64_t d = shape->d_model, n_rows = s->batch.n_sequences * s->batch.length;
    embed(s);
    const float *bias = NULL;
    for (int64_t l = 0; l < shape->n_layers; l++)
        bias = layer(s, l % zg_shape_n_resident(shape), bias);
    norm(s, bias, ZG_T_FINAL_NORM_WEIGHT);
    const void *head = zg_naive_matrix(&s->weights, ZG_T_HEAD);
    for (int64_t begin = 0; begin < n_rows; begin += s->logit_rows) {
        const int64_t n = zg_min64(s->logit_rows, n_rows - begin);
        multiply(s, ZG_PHASE_HEAD, n, shape->n_vocab, d, s->n, begin, head, s->logits, s->ld_logits,
                 false);
        log_softmax(s, begin, n);
        if (next_token)
            pick_next(s, begin, n, next_token);
    }
}
