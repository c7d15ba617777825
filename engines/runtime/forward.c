/*
 * forward.c - one pass of probes through the layers: OPT, pre-norm (arXiv:2205.01068).
 *
 *     x += out(attention(norm1(x)));  x += fc2(relu(fc1(norm2(x))))
 *
 * Buffers: x holds the residual stream, h every GEMM input of width d (norms' and attention's
 * outputs), wide the q, k, v of a layer and later its MLP's inner rows.
 */
#include <string.h>

#include "engines/base/size.h"
#include "engines/runtime/state.h"

/* What of a pass goes through a stretch of a layer: all rows, or the scored ones. */
struct stretch {
    const struct zg_pass *pass;
    int64_t n_rows; /* per probe */
};

static int64_t total_rows(const struct stretch *r)
{
    return r->pass->common ? r->n_rows : r->pass->n_probes * r->n_rows;
}

static void copy_row(float *dst, const float *src, int64_t n)
{
    memcpy(dst, src, (size_t)n * sizeof *dst);
}

static void embed(struct zg_engine_state *s, const struct zg_pass *pass)
{
    const int64_t d = s->shape.d_model, n_rows = s->plan.trie.n_rows;
    const int64_t copies = pass->common ? 1 : pass->n_probes;
    zg_phase_start(s, ZG_PHASE_EMBED);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++) {
        /* Pads may go past the last position; nothing looks at them. */
        const int64_t position =
            zg_min64(zg_trie_depth(&s->plan.trie, i), s->shape.n_positions - 1);
        const float *token = s->embed + s->plan.trie.row_token[i] * d;
        const float *place = s->positions + (position + ZG_POSITION_OFFSET) * d;
        float *x = s->x.data + i * s->x.ld;
        for (int64_t c = 0; c < d; c++)
            x[c] = token[c] + place[c];
        for (int64_t p = 1; p < copies; p++)
            copy_row(s->x.data + (p * n_rows + i) * s->x.ld, x, d);
    }
    zg_cost_add(s, 0.0, 4.0 * (double)(n_rows * d * (2 + copies)));
}

/* From one copy of the rows to one for each probe. */
static void copy_to_probes(struct zg_engine_state *s, const struct zg_pass *pass, struct zg_rows x,
                           int64_t n_rows)
{
    zg_phase_start(s, ZG_PHASE_EMBED);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t p = 1; p < pass->n_probes; p++)
            copy_row(x.data + (p * n_rows + i) * x.ld, x.data + i * x.ld, s->shape.d_model);
}

static void gather_scored(struct zg_engine_state *s, const struct zg_pass *pass,
                          struct zg_rows from, struct zg_rows to)
{
    const int64_t n_scored = s->plan.n_scored, n_rows = s->plan.trie.n_rows;
    const int64_t copies = pass->common ? 1 : pass->n_probes;
    zg_phase_start(s, ZG_PHASE_OTHER);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < copies * n_scored; i++)
        copy_row(to.data + i * to.ld,
                 from.data + (i / n_scored * n_rows + s->plan.scored_row[i % n_scored]) * from.ld,
                 s->shape.d_model);
}

/* y = epilogue(W x): the adapters' share of x first.  With a residual, y is the residual. */
static void run_linear(struct zg_engine_state *s, const struct zg_linear *linear,
                       enum zg_phase phase, const struct stretch *r, struct zg_rows x,
                       enum zg_epilogue epilogue, struct zg_rows y)
{
    const int64_t n_extra = zg_has(s, ZG_M_ADAPTER) ? s->n_extra : 0;
    zg_adapter_project(s, linear, r->pass, x, r->n_rows);
    zg_phase_start(s, phase);
    const struct zg_gemm g = {
        .w = linear->panel,
        .x = x.data,
        .ldx = x.ld,
        .n_rows = total_rows(r),
        .n_extra = n_extra,
        .bias = linear->bias,
        .epilogue = epilogue,
        .residual = epilogue == ZG_EPILOGUE_RESIDUAL ? y.data : NULL,
        .ldr = epilogue == ZG_EPILOGUE_RESIDUAL ? y.ld : 0,
        .y = y.data,
        .ldy = y.ld,
    };
    if (s->calibration)
        zg_calibrate_observe(s, linear, &g);
    s->provider->gemm(s->provider_state, &g);
    const struct zg_panel_shape *shape = &linear->shape;
    zg_cost_gemm(s, g.n_rows, shape->n_groups * shape->n_out, shape->n_in + n_extra);
}

static void run_mlp(struct zg_engine_state *s, const struct zg_layer *layer,
                    const struct stretch *r, struct zg_rows x)
{
    zg_norm_rows(s, x, layer->norm2_gain, layer->norm2_bias, total_rows(r), s->h);
    run_linear(s, &layer->linear[ZG_L_FC1], ZG_PHASE_FC1, r, s->h, ZG_EPILOGUE_RELU, s->wide);
    run_linear(s, &layer->linear[ZG_L_FC2], ZG_PHASE_FC2, r, s->wide, ZG_EPILOGUE_RESIDUAL, x);
}

static struct zg_rows columns(struct zg_rows rows, int64_t first)
{
    return (struct zg_rows){rows.data + first, rows.ld};
}

static void run_layer(struct zg_engine_state *s, struct zg_pass *pass, const struct zg_layer *layer)
{
    const int64_t d = s->shape.d_model, n_rows = s->plan.trie.n_rows;
    const struct stretch r = {pass, n_rows};
    const struct zg_linear *qkv = &layer->linear[ZG_L_QKV];
    zg_norm_rows(s, s->x, layer->norm1_gain, layer->norm1_bias, total_rows(&r), s->h);
    run_linear(s, qkv, ZG_PHASE_QKV, &r, s->h, ZG_EPILOGUE_NONE, s->wide);
    if (pass->common) {
        zg_adapter_expand(s, qkv, pass, s->wide, n_rows);
        copy_to_probes(s, pass, s->x, n_rows);
        pass->common = false;
    }
    const struct zg_attention attention = {s->wide, columns(s->wide, d), columns(s->wide, 2 * d),
                                           s->h, false};
    zg_attention_run(s, pass, &attention);
    run_linear(s, &layer->linear[ZG_L_OUT], ZG_PHASE_OUT, &r, s->h, ZG_EPILOGUE_RESIDUAL, s->x);
    run_mlp(s, layer, &r, s->x);
}

/* Mechanism `last`: keys and values of all rows, the rest for the scored rows, which move to
 * s->scored. */
static void run_last_layer(struct zg_engine_state *s, struct zg_pass *pass,
                           const struct zg_layer *layer)
{
    const int64_t d = s->shape.d_model;
    const struct stretch all = {pass, s->plan.trie.n_rows}, scored = {pass, s->plan.n_scored};
    const struct zg_linear *q = &layer->linear[ZG_L_Q], *kv = &layer->linear[ZG_L_KV];
    const struct zg_rows q_rows = columns(s->wide, zg_round_up(2 * d, ZG_KERNEL_PAD));

    zg_norm_rows(s, s->x, layer->norm1_gain, layer->norm1_bias, total_rows(&all), s->h);
    run_linear(s, kv, ZG_PHASE_QKV, &all, s->h, ZG_EPILOGUE_NONE, s->wide);
    if (pass->common)
        zg_adapter_expand(s, kv, pass, s->wide, all.n_rows);
    gather_scored(s, pass, s->x, s->scored);
    zg_norm_rows(s, s->scored, layer->norm1_gain, layer->norm1_bias, total_rows(&scored), s->h);
    run_linear(s, q, ZG_PHASE_QKV, &scored, s->h, ZG_EPILOGUE_NONE, q_rows);
    if (pass->common) {
        zg_adapter_expand(s, q, pass, q_rows, scored.n_rows);
        copy_to_probes(s, pass, s->scored, scored.n_rows);
        pass->common = false;
    }
    const struct zg_attention attention = {q_rows, s->wide, columns(s->wide, d), s->h, true};
    zg_attention_run(s, pass, &attention);
    run_linear(s, &layer->linear[ZG_L_OUT], ZG_PHASE_OUT, &scored, s->h, ZG_EPILOGUE_RESIDUAL,
               s->scored);
    run_mlp(s, layer, &scored, s->scored);
}

void zg_forward_run(struct zg_engine_state *s, struct zg_pass *pass)
{
    const bool prune = zg_has(s, ZG_M_LAST);
    embed(s, pass);
    for (int64_t l = 0; l < s->shape.n_layers; l++)
        if (zg_layer_is_pruned(s, l))
            run_last_layer(s, pass, zg_layer_at(s, l));
        else
            run_layer(s, pass, zg_layer_at(s, l));
    const bool all_rows = s->plan.n_scored == s->plan.trie.n_rows;
    if (!prune && !all_rows)
        gather_scored(s, pass, s->x, s->scored);
    const struct zg_rows x = !prune && all_rows ? s->x : s->scored;
    zg_norm_rows(s, x, s->final_gain, s->final_bias, pass->n_probes * s->plan.n_scored, s->h);
}
