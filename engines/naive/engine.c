/*
 * engine.c - `naive`: the official training loop's structure behind the ZO interface.
 *
 * Per probe pair: perturb all weights of the scope in place, forward, perturb the other way,
 * forward, restore; then update: four dense passes over the weights and two padded forwards.  What
 * it takes from the official code, and from where, is in README.md.  Mechanisms: none.
 */
#include "engines/naive/naive.h"

#include "engines/base/arena.h"
#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "engines/interface/momentum.h"

#include <string.h>

/* Rows of logits made and reduced at a time.  The GEMM packs the head anew for each chunk: 1024
 * rows (206 MB at 50,272) give 160 GFLOP/s a core where 256 gave 142. */
enum { LOGIT_ROWS = 1024 };

extern const struct zg_engine zg_engine_naive;

static void naive_close(struct zg_engine_state **state)
{
    if (!state || !*state)
        return;
    struct zg_engine_state *s = *state;
    zg_useful_close(&s->useful);
    zg_naive_batch_close(&s->batch);
    zg_naive_weights_close(&s->weights);
    if (s->gemm->close)
        s->gemm->close(&s->gemm_state);
    void *const buffers[] = {s->directions, s->vt_offset, s->vt, s->row,      s->log_p,
                             s->score,      s->x,         s->n,  s->qkv,      s->low,
                             s->logits,     s->scratch,   s->m,  s->m_offset, s->m_scratch};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        zg_buffer_free(buffers[i]);
    zg_buffer_free(s);
    *state = NULL;
}

struct buffer {
    void **out;
    int64_t n, width; /* n * width items */
    int64_t item_size;
    const char *what;
};

static enum zg_status buffers_alloc(const struct buffer *buffers, size_t n, struct zg_error *err)
{
    for (size_t i = 0; i < n; i++) {
        int64_t n_items = 0;
        if (!zg_size_mul(buffers[i].n, buffers[i].width, &n_items))
            return zg_fail(err, ZG_ENV, "engine naive: %s are too large to count", buffers[i].what);
        const enum zg_status status =
            zg_buffer_alloc(buffers[i].out, n_items, buffers[i].item_size, buffers[i].what, err);
        if (status)
            return status;
    }
    return ZG_OK;
}

static enum zg_status allocate(struct zg_engine_state *s, struct zg_error *err)
{
    const struct zg_engine_limits *l = &s->options.limits;
    const struct zg_model_shape *shape = &s->weights.shape;
    const int64_t d = shape->d_model, rows = l->max_padded_tokens, n_threads = s->options.n_threads;
    const int64_t wide = zg_round_up(zg_max64(d, shape->d_ffn), 16);
    if (rows > INT32_MAX || shape->n_vocab > INT32_MAX || 3 * d > INT32_MAX || wide > INT32_MAX)
        return zg_fail(err, ZG_USAGE, "engine naive: a dimension exceeds the libraries' 2^31");
    if (!zg_size_mul(l->max_rank, ZG_NAIVE_PIECE, &s->row_stride))
        return zg_fail(err, ZG_ENV, "engine naive: rank %lld is too large to count",
                       (long long)l->max_rank);
    s->row_stride = zg_max64(wide, s->row_stride);
    s->logit_rows = zg_max64(1, zg_min64(rows, LOGIT_ROWS));
    s->ld_logits = zg_round_up(shape->n_vocab, 16);
    s->scratch_stride = zg_naive_head_scratch(zg_max64(1, l->max_length), d / shape->n_heads);
    int64_t n_m = 0;
    if (!zg_naive_m_sizes(&s->weights, l, &n_m, &s->m_stride))
        return zg_fail(err, ZG_ENV, "engine naive: momentum of rank %lld is too large to count",
                       (long long)l->max_rank);
    void *directions, *vt_offset, *vt, *row, *log_p, *score, *x, *n, *qkv, *low, *logits, *scratch;
    void *m, *m_offset, *m_scratch;
    directions = vt_offset = vt = row = log_p = score = x = n = qkv = low = logits = scratch = NULL;
    m = m_offset = m_scratch = NULL;
    const int64_t low_rows = s->options.dtype == ZG_BF16 ? rows : 0;
    const struct buffer buffers[] = {
        {&directions, l->max_directions, 1, sizeof *s->directions, "directions"},
        {&vt_offset, s->weights.n_tensors, 1, sizeof *s->vt_offset, "the tensor table"},
        {&vt, l->max_rank, zg_naive_v_columns(&s->weights, NULL), sizeof *s->vt, "V"},
        {&row, n_threads, s->row_stride, sizeof *s->row, "rows of directions"},
        {&log_p, rows, 1, sizeof *s->log_p, "log-probabilities"},
        {&score, l->max_options, 1, sizeof *s->score, "scores"},
        {&x, rows, d, sizeof *s->x, "activations"},
        {&n, rows, d, sizeof *s->n, "activations"},
        {&qkv, rows, zg_max64(3 * d, shape->d_ffn), sizeof *s->qkv, "activations"},
        {&low, low_rows, wide, sizeof *s->low, "rounded activations"},
        {&logits, s->logit_rows, s->ld_logits, sizeof *s->logits, "logits"},
        {&scratch, n_threads, s->scratch_stride, sizeof *s->scratch, "attention scratch"},
        {&m, n_m, 1, sizeof *s->m, "momentum"},
        {&m_offset, s->weights.n_tensors, 1, sizeof *s->m_offset, "the tensor table"},
        {&m_scratch, n_threads, s->m_stride, sizeof *s->m_scratch, "momentum"},
    };
    const enum zg_status status = buffers_alloc(buffers, sizeof buffers / sizeof buffers[0], err);
    if (low_rows == 0) { /* even nothing has its buffer */
        zg_buffer_free(low);
        low = NULL;
    }
    s->directions = directions;
    s->vt_offset = vt_offset;
    s->vt = vt;
    s->row = row;
    s->log_p = log_p;
    s->score = score;
    s->x = x;
    s->n = n;
    s->qkv = qkv;
    s->ffn = qkv;
    s->low = low;
    s->logits = logits;
    s->scratch = scratch;
    s->m = m;
    s->m_offset = m_offset;
    s->m_scratch = m_scratch;
    if (!status) {
        (void)zg_naive_v_columns(&s->weights, s->vt_offset);
        zg_naive_m_place(s);
    }
    return status;
}

/* Touches every activation by the team that will use it, and makes the library allocate what it
 * keeps: later calls then allocate nothing. */
static void warm_up(struct zg_engine_state *s)
{
    const int64_t d = s->weights.shape.d_model, rows = s->options.limits.max_padded_tokens;
    const int64_t wide = zg_max64(3 * d, s->weights.shape.d_ffn);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        memset(s->x + row * d, 0, (size_t)d * sizeof *s->x);
        memset(s->n + row * d, 0, (size_t)d * sizeof *s->n);
        memset(s->qkv + row * wide, 0, (size_t)wide * sizeof *s->qkv);
        if (s->low)
            memset(s->low + row * zg_max64(d, s->weights.shape.d_ffn), 0,
                   (size_t)zg_max64(d, s->weights.shape.d_ffn) * sizeof *s->low);
    }
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t row = 0; row < s->logit_rows; row++)
        memset(s->logits + row * s->ld_logits, 0, (size_t)s->ld_logits * sizeof *s->logits);
    if (rows > 0) {
        const struct zg_naive_gemm g = {
            .dtype = s->options.dtype,
            .n_rows = zg_min64(rows, 256),
            .n_out = d,
            .n_in = d,
            .x = s->low ? (const void *)s->low : s->n,
            .ldx = d,
            .w = zg_naive_matrix(&s->weights, zg_tensor_layer(0, ZG_T_Q_WEIGHT)),
            .ldw = d,
            .y = s->x,
            .ldy = d,
            .n_threads = s->options.n_threads,
            .kernels = s->kernels};
        s->gemm->run(s->gemm_state, &g);
    }
}

/* The products of the forward pass, so that the library makes them before the first step. */
static enum zg_status gemm_open(struct zg_engine_state *s, struct zg_error *err)
{
    const struct zg_model_shape *shape = &s->weights.shape;
    const int64_t d = shape->d_model, f = shape->d_ffn;
    const int64_t sizes[][3] = {/* n_out, n_in, ldy */
                                {3 * d, d, 3 * d},
                                {d, d, d},
                                {f, d, f},
                                {d, f, d},
                                {shape->n_vocab, d, s->ld_logits}};
    enum { N = sizeof sizes / sizeof sizes[0] };
    struct zg_naive_gemm products[N];
    if (!s->gemm->open)
        return ZG_OK;
    for (int i = 0; i < N; i++)
        products[i] = (struct zg_naive_gemm){.dtype = s->options.dtype,
                                             .n_out = sizes[i][0],
                                             .n_in = sizes[i][1],
                                             .ldx = sizes[i][1],
                                             .ldw = sizes[i][1],
                                             .ldy = sizes[i][2],
                                             .n_threads = s->options.n_threads,
                                             .kernels = s->kernels};
    return s->gemm->open(&s->gemm_state, products, N, err);
}

static enum zg_status gemm_choose(const struct zg_naive_gemm_library **out,
                                  const struct zg_engine_options *options, struct zg_error *err)
{
    const char *name = zg_engine_setting_value(&zg_engine_naive, options, "gemm");
    *out = zg_naive_gemm_find(name);
    if (!*out)
        return zg_fail(err, ZG_USAGE, "engine naive: gemm=%s is not in this build, use gemm=%s",
                       name, zg_naive_gemm_default(options->dtype));
    return ZG_OK;
}

static enum zg_status naive_open(struct zg_engine_state **out, const struct zg_model *model,
                                 const struct zg_engine_options *options, struct zg_error *err)
{
    *out = NULL;
    const struct zg_naive_gemm_library *gemm = NULL;
    enum zg_isa isa = ZG_ISA_PORTABLE;
    enum zg_status status = zg_engine_options_check(&zg_engine_naive, options, err);
    if (!status)
        status = gemm_choose(&gemm, options, err);
    if (!status)
        status = zg_cpu_isa_choose(&isa, err);
    if (status)
        return status;
    void *memory = NULL;
    status = zg_buffer_alloc(&memory, 1, sizeof(struct zg_engine_state), "engine naive", err);
    if (status)
        return status;
    struct zg_engine_state *s = memory;
    *s = (struct zg_engine_state){
        .options = *options, .gemm = gemm, .narrow = zg_narrow_choose(isa)};
    s->options.settings = NULL;
    s->options.n_settings = 0;
    status = zg_naive_kernels_choose(&s->kernels, err);
    if (!status)
        status = zg_naive_weights_open(&s->weights, model, options->dtype, options->n_threads,
                                       s->narrow, err);
    if (!status)
        status = allocate(s, err);
    if (!status)
        status = gemm_open(s, err);
    if (!status)
        status = zg_naive_batch_open(&s->batch, &options->limits, err);
    if (!status)
        status = zg_useful_open(&s->useful, &options->limits, err);
    if (status) {
        naive_close(&s);
        return status;
    }
    warm_up(s);
    *out = s;
    return ZG_OK;
}

static enum zg_status naive_begin(struct zg_engine_state *state,
                                  const struct zg_direction *directions, int64_t n,
                                  struct zg_error *err)
{
    const enum zg_status status = zg_directions_check(&zg_engine_naive, &state->options.limits,
                                                      &state->weights.shape, directions, n, err);
    if (status)
        return status;
    memcpy(state->directions, directions, (size_t)n * sizeof *directions);
    state->n_directions = n;
    state->cost = (struct zg_cost){0};
    return ZG_OK;
}

/* Moves the weights from the present perturbation to `target`; along one direction by the
 * difference, as the official loop goes from +eps to -eps in one pass of -2 eps. */
static void perturb_to(struct zg_engine_state *s, struct zg_probe target)
{
    const struct zg_probe now = s->perturbation;
    if (s->perturbed && (now.direction != target.direction || target.coefficient == 0)) {
        zg_naive_add(s, &s->directions[now.direction], -now.coefficient, 0, ZG_PHASE_PERTURB);
        s->perturbed = false;
    }
    if (target.coefficient == 0)
        return;
    const float change = s->perturbed ? target.coefficient - now.coefficient : target.coefficient;
    if (change != 0)
        zg_naive_add(s, &s->directions[target.direction], change, 0, ZG_PHASE_PERTURB);
    s->perturbed = true;
    s->perturbation = target;
}

static enum zg_status naive_score(struct zg_engine_state *state, const struct zg_batch *batch,
                                  const struct zg_probe *probes, int64_t n_probes,
                                  struct zg_scores *out, struct zg_error *err)
{
    const enum zg_status status =
        zg_batch_check(batch, probes, n_probes, state->n_directions, &state->options.limits,
                       &state->weights.shape, err);
    if (status)
        return status;
    zg_naive_phase(state, ZG_PHASE_PLAN);
    zg_naive_batch_expand(&state->batch, batch, out->option_score != NULL);
    int64_t n_options = state->batch.n_sequences;
    for (int64_t p = 0; p < n_probes; p++) {
        perturb_to(state, probes[p]);
        zg_naive_forward(state, out->next_token ? out->next_token + p * batch->n_examples : NULL);
        double *score = out->option_score ? out->option_score + p * n_options : state->score;
        out->loss[p] = zg_naive_batch_loss(
            &state->batch, batch, state->log_p, score,
            out->example_loss ? out->example_loss + p * batch->n_examples : NULL);
    }
    perturb_to(state, (struct zg_probe){0, 0});
    zg_naive_phase(state, ZG_PHASE_OTHER);
    state->cost.useful_flops += zg_useful_count(state->useful, &state->weights.shape, batch, probes,
                                                n_probes, state->directions);
    state->cost.n_rows = state->batch.n_sequences * state->batch.length;
    return ZG_OK;
}

/* Restoring by subtraction is not exact in floating point. */
static enum zg_status naive_retrace(struct zg_engine_state *state, const struct zg_probe *probes,
                                    int64_t n_probes, struct zg_error *err)
{
    for (int64_t p = 0; p < n_probes; p++) {
        if (probes[p].direction < 0 || probes[p].direction >= state->n_directions)
            return zg_fail(err, ZG_USAGE, "probe %lld: direction %d of %lld announced",
                           (long long)p, (int)probes[p].direction, (long long)state->n_directions);
        perturb_to(state, probes[p]);
    }
    perturb_to(state, (struct zg_probe){0, 0});
    zg_naive_phase(state, ZG_PHASE_OTHER);
    return ZG_OK;
}

static enum zg_status naive_apply(struct zg_engine_state *state, const struct zg_update *updates,
                                  int64_t n, float weight_decay, struct zg_error *err)
{
    for (int64_t i = 0; i < n; i++)
        if (updates[i].direction < 0 || updates[i].direction >= state->n_directions)
            return zg_fail(err, ZG_USAGE, "update %lld: direction %d of %lld announced",
                           (long long)i, (int)updates[i].direction, (long long)state->n_directions);
    if (weight_decay != 0 && state->n_directions == 0)
        return zg_fail(err, ZG_USAGE,
                       "weight decay %g: no direction was announced, whose scope "
                       "says which weights",
                       (double)weight_decay);
    for (int64_t i = 0; i < n; i++) /* the first pass carries the decay */
        zg_naive_add(state, &state->directions[updates[i].direction], -updates[i].coefficient,
                     i == 0 ? weight_decay : 0, ZG_PHASE_UPDATE);
    if (n == 0 && weight_decay != 0)
        zg_naive_add(state, &state->directions[0], 0, weight_decay, ZG_PHASE_UPDATE);
    zg_naive_phase(state, ZG_PHASE_OTHER);
    return ZG_OK;
}

static enum zg_status naive_apply_momentum(struct zg_engine_state *state,
                                           const struct zg_update *updates, int64_t n,
                                           struct zg_momentum momentum, float weight_decay,
                                           struct zg_error *err)
{
    const enum zg_status status =
        zg_momentum_check(&state->options.limits, state->directions, state->n_directions, updates,
                          n, momentum.keep == 0 ? 0 : state->m_rank, err);
    if (status)
        return status;
    zg_naive_m_update(state, updates, n, momentum.keep);
    zg_naive_add_m(state, &state->directions[0], momentum.rate, weight_decay);
    zg_naive_phase(state, ZG_PHASE_OTHER);
    return ZG_OK;
}

static enum zg_status naive_read(struct zg_engine_state *state, int32_t tensor, int64_t row_begin,
                                 int64_t n_rows, float *dst, int64_t ld, struct zg_error *err)
{
    int64_t rows, cols;
    if (!zg_model_tensor_size(&state->weights.shape, tensor, &rows, &cols))
        return zg_fail(err, ZG_USAGE, "the model has no tensor %d", (int)tensor);
    if (row_begin < 0 || n_rows < 0 || row_begin > rows - n_rows || ld < cols)
        return zg_fail(err, ZG_USAGE, "tensor %d has no rows %lld to %lld", (int)tensor,
                       (long long)row_begin, (long long)(row_begin + n_rows - 1));
    const bool low = zg_naive_is_low(&state->weights, tensor);
    const void *w = zg_naive_matrix(&state->weights, tensor);
    for (int64_t i = 0; i < n_rows; i++)
        if (low)
            state->kernels->widen((const uint16_t *)w + (row_begin + i) * cols, cols, dst + i * ld);
        else
            memcpy(dst + i * ld, (const float *)w + (row_begin + i) * cols,
                   (size_t)cols * sizeof *dst);
    return ZG_OK;
}

static void naive_cost(const struct zg_engine_state *state, struct zg_cost *out)
{
    *out = state->cost;
}

static const struct zg_engine_setting_doc settings[] = {
    {.key = "gemm",
     .choices = ZG_NAIVE_GEMM_CHOICES,
     .summary = "the library of the matrix products",
     .default_value = ZG_NAIVE_GEMM_DEFAULT,
     .default_of = zg_naive_gemm_default},
    {.key = NULL},
};

const struct zg_engine zg_engine_naive = {
    .name = "naive",
    .summary = "the official training loop: weights perturbed in place, padded batch, all logits",
    .interface_version = ZG_INTERFACE_VERSION,
    .missing = NULL,
    .dtypes = 1u << ZG_FP32 | 1u << ZG_BF16,
    .mechanisms = 0,
    .direction_kinds = 1u << ZG_DIRECTION_LOWRANK | 1u << ZG_DIRECTION_DENSE |
                       1u << ZG_DIRECTION_FACTORISED | 1u << ZG_DIRECTION_RADEMACHER,
    .scopes = ZG_SCOPE_BIT(ZG_SCOPE_LINEAR) | ZG_SCOPE_BIT(ZG_SCOPE_FULL),
    .features =
        ZG_FEATURE_BIT(ZG_F_OWN_V) | ZG_FEATURE_BIT(ZG_F_MOMENTUM) | ZG_FEATURE_BIT(ZG_F_DECAY),
    .role = ZG_ROLE_LOOP,
    .low_tables = true,
    .settings = settings,
    .open = naive_open,
    .begin = naive_begin,
    .score = naive_score,
    .apply = naive_apply,
    .apply_momentum = naive_apply_momentum,
    .retrace = naive_retrace,
    .read = naive_read,
    .cost = naive_cost,
    .close = naive_close,
};
