/*
 * calibrate.c - one step on made-up tokens while the engine opens, to see which columns int8 would
 * spoil (outliers.h), and to have the provider keep them in bf16.
 *
 * The step is an ordinary one, a pair of probes, so that every panel sees what will meet it: means,
 * half differences, the scored rows alone.  Where layers repeat, a panel is judged by the first
 * that runs it.
 */
#include "engines/runtime/calibrate.h"

#include <stdlib.h>

#include "engines/base/philox.h"
#include "engines/base/size.h"
#include "engines/runtime/adapter.h"
#include "engines/runtime/outliers.h"
#include "engines/runtime/score.h"

enum {
    MAX_ROWS = 128,  /* tokens of the batch */
    MAX_LENGTH = 32, /* of a sequence: many short ones have more scored rows than one long one */
    W_ROWS = 32,     /* of each matrix that stand for all */
};
#define SEED UINT64_C(0x6f75746c69657273)

/* A panel that the step has met. */
struct judged {
    struct zg_panel *panel;
    const struct zg_linear *linear;
    int64_t n;
    int32_t columns[ZG_MAX_KEPT];
};

struct zg_calibration {
    struct judged *judged; /* [panels] */
    int64_t n_judged;
    float *w;        /* [ZG_MAX_GROUPS * W_ROWS][widest n_in] */
    double *scratch; /* [widest n_in] */
};

/* Rows of all of a panel's matrices, evenly spread. */
static int64_t sample_weights(const struct zg_engine_state *s, const struct zg_linear *linear,
                              float *w)
{
    const int64_t n_in = linear->shape.n_in, n_out = linear->shape.n_out;
    const int64_t n = zg_min64(W_ROWS, n_out), n_rows = linear->shape.n_groups * n;
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++)
        zg_model_read(s->model, linear->tensors[i / n], i % n * n_out / n, 1, w + i * n_in, n_in);
    return n_rows;
}

static void observe(struct zg_engine_state *s, const struct zg_linear *linear,
                    const struct zg_gemm *g)
{
    struct zg_calibration *c = s->calibration;
    struct zg_panel *panel = g->w == linear->panel ? linear->panel : linear->panel_d;
    const enum zg_dtype dtype = g->w == linear->panel ? s->options.dtype : s->options.dtype_d;
    if (dtype != ZG_INT8)
        return;
    for (int64_t i = 0; i < c->n_judged; i++)
        if (c->judged[i].panel == panel)
            return;
    struct judged *judged = &c->judged[c->n_judged++];
    judged->panel = panel;
    judged->linear = linear;
    const struct zg_outlier_sample sample = {.n_in = linear->shape.n_in,
                                             .x = g->x,
                                             .ldx = g->ldx,
                                             .n_rows = g->n_rows,
                                             .w = c->w,
                                             .n_weights = sample_weights(s, linear, c->w)};
    judged->n = zg_outliers_choose(&sample, c->scratch, judged->columns);
}

static enum zg_status keep_columns(struct zg_engine_state *s, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; !status && i < s->calibration->n_judged; i++) {
        const struct judged *judged = &s->calibration->judged[i];
        if (judged->n > 0)
            status =
                s->provider->keep_columns(s->provider_state, judged->panel, s->model,
                                          judged->linear->tensors, judged->columns, judged->n, err);
    }
    zg_model_release(s->model);
    return status;
}

/* ---- the batch ------------------------------------------------------------------------------ */

struct batch {
    int32_t tokens[MAX_ROWS];
    struct zg_option options[MAX_ROWS];
    struct zg_example examples[MAX_ROWS];
    struct zg_batch batch; /* no examples where the limits allow none */
};

/* As many sequences as the limits and MAX_ROWS allow, each a stem and one option. */
static void make_batch(const struct zg_engine_state *s, struct batch *b)
{
    const struct zg_engine_limits *limits = &s->options.limits;
    int64_t length = zg_min64(zg_min64(limits->max_length, s->shape.n_positions), MAX_LENGTH);
    length = zg_min64(length, zg_min64(limits->max_tokens, limits->max_padded_tokens / 8 * 8));
    b->batch = (struct zg_batch){.examples = b->examples, .loss = ZG_LOSS_CLASSIFICATION};
    if (length < 2)
        return;
    const int64_t fits[] = {limits->max_examples,
                            limits->max_options,
                            limits->max_option_tokens,
                            limits->max_tokens / length,
                            limits->max_padded_tokens / zg_round_up(length, 8),
                            MAX_ROWS / length};
    int64_t n = fits[0];
    for (size_t i = 1; i < sizeof fits / sizeof fits[0]; i++)
        n = zg_min64(n, fits[i]);
    if (n == 0)
        return;
    const int64_t n_option = zg_min64(length / 2, limits->max_option_tokens / n);
    uint32_t words[MAX_ROWS];
    zg_philox_words(SEED, 0, ZG_STREAM_DATA, 0, n * length, words);
    for (int64_t i = 0; i < n * length; i++)
        b->tokens[i] = (int32_t)(words[i] % (uint32_t)s->shape.n_vocab);
    for (int64_t e = 0; e < n; e++) {
        const int32_t *tokens = b->tokens + e * length;
        b->options[e] = (struct zg_option){tokens + length - n_option, n_option};
        b->examples[e] = (struct zg_example){tokens, length - n_option, &b->options[e], 1, 0};
    }
    b->batch.n_examples = n;
}

/* ---- the step ------------------------------------------------------------------------------- */

static enum zg_status run_step(struct zg_engine_state *s, const struct zg_batch *batch,
                               struct zg_error *err)
{
    const struct zg_direction direction = {.kind = ZG_DIRECTION_LOWRANK,
                                           .scope = ZG_SCOPE_LINEAR,
                                           .rank = 1,
                                           .scale = 1.0f,
                                           .seed_u = SEED,
                                           .seed_v = SEED};
    const struct zg_probe pair[] = {{0, 1e-3f}, {0, -1e-3f}};
    double loss[2];
    struct zg_scores out = {.loss = loss};
    const enum zg_status status = zg_adapter_begin(s, &direction, 1, err);
    if (!status)
        zg_score_run(s, batch, pair, zg_min64(2, s->options.limits.max_probes), &out);
    return status;
}

/* As if the step had never been: the next begin() draws V and U, and sets the panels' columns. */
static void forget_step(struct zg_engine_state *s)
{
    s->lowrank.have_v = false;
    s->lowrank.n_directions = 0;
    s->meter.cost = (struct zg_cost){0};
}

static enum zg_status open_calibration(struct zg_engine_state *s, struct zg_calibration *c,
                                       struct zg_error *err)
{
    const size_t widest = (size_t)zg_model_max_cols(&s->shape);
    size_t n_panels = 0;
    ZG_FOR_EACH_PANEL(s, linear)
    n_panels += 2; /* `panel` and `panel_d` */
    c->judged = calloc(n_panels, sizeof *c->judged);
    c->w = calloc(ZG_MAX_GROUPS * W_ROWS * widest, sizeof *c->w);
    c->scratch = calloc(widest, sizeof *c->scratch);
    if (!c->judged || !c->w || !c->scratch)
        return zg_fail(err, ZG_ENV, "no memory to look for outlier columns");
    return ZG_OK;
}

enum zg_status zg_calibrate_run(struct zg_engine_state *s, struct zg_error *err)
{
    const bool int8 = s->options.dtype == ZG_INT8 || s->options.dtype_d == ZG_INT8;
    struct zg_calibration calibration = {0};
    struct batch *batch = NULL;
    void (*const on_phase)(void *, enum zg_phase) = s->options.on_phase;
    if (!int8 || !s->provider->keep_columns)
        return ZG_OK;
    enum zg_status status = open_calibration(s, &calibration, err);
    if (!status && !(batch = calloc(1, sizeof *batch)))
        status = zg_fail(err, ZG_ENV, "no memory to look for outlier columns");
    if (status)
        goto done;
    make_batch(s, batch);
    if (batch->batch.n_examples > 0) {
        s->calibration = &calibration;
        s->observe = observe;
        s->options.on_phase = NULL; /* nobody's clock runs yet */
        status = run_step(s, &batch->batch, err);
        if (!status)
            status = keep_columns(s, err);
        s->options.on_phase = on_phase;
        s->calibration = NULL;
        s->observe = NULL;
        forget_step(s);
    }
done:
    free(batch);
    free(calibration.judged);
    free(calibration.w);
    free(calibration.scratch);
    return status;
}
