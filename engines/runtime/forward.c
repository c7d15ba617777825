/*
 * forward.c - one pass of probes through the layers: OPT, pre-norm (arXiv:2205.01068).
 *
 *     x += out(attention(norm1(x)));  x += fc2(relu(fc1(norm2(x))))
 *
 * Buffers: x holds the residual stream, h every GEMM input of width d (norms' and attention's
 * outputs), wide the q, k, v of a layer and later its MLP's inner rows.
 */
#include "engines/runtime/forward.h"

#include <string.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "engines/runtime/attention.h"
#include "engines/runtime/norm.h"
#include "engines/runtime/project.h"
#include "engines/runtime/tables.h"

/* What of a pass goes through a stretch of a layer: all rows, or the scored ones. */
struct stretch {
    const struct zg_pass *pass;
    int64_t n_rows; /* per slot */
};

static void copy_row(float *dst, const float *src, int64_t n)
{
    memcpy(dst, src, (size_t)n * sizeof *dst);
}

/* Row i of slot 0, which all probes share, to the other slots: half differences are 0. */
static void copy_to_slots(const struct zg_engine_state *s, const struct zg_pass *pass,
                          struct zg_matrix x, int64_t n_rows, int64_t i)
{
    const int64_t d = s->shape.d_model,
                  n_same = pass->centred ? pass->n_probes / 2 : pass->n_probes;
    for (int64_t p = 1; p < n_same; p++)
        copy_row(zg_row(x, p * n_rows + i), zg_row(x, i), d);
    for (int64_t p = n_same; p < pass->n_probes; p++)
        memset(zg_row(x, p * n_rows + i), 0, (size_t)d * sizeof *x.data);
}

/* What a probe's direction adds to row i of its slot (of a pair, to the half difference): of both
 * tables coefficient scale U[row] V^T.  Slots of one direction follow each other as a rule, and
 * share its rows of U. */
static void move_embedding(const struct zg_engine_state *s, const struct zg_pass *pass, int64_t i,
                           const int64_t table_row[2])
{
    const struct zg_lowrank *low = &s->lowrank;
    const struct zg_table *tables = s->weights.tables; /* embedding, positions */
    const int64_t rank = low->rank, n_rows = s->plan.trie.n_rows;
    const int64_t n_slots = pass->centred ? pass->n_probes / 2 : pass->n_probes;
    float *u = zg_scratch_own(&s->scratch), *scaled = u + 2 * rank;
    int32_t drawn = -1;
    for (int64_t slot = 0; slot < n_slots; slot++) {
        const struct zg_probe *probe = &pass->probes[slot];
        const struct zg_direction *direction = &low->directions[probe->direction];
        const float coefficient = probe->coefficient * direction->scale;
        float *x = zg_row(s->act.x, (pass->centred ? n_slots + slot : slot) * n_rows + i);
        if (direction->scope != ZG_SCOPE_FULL || coefficient == 0.0f)
            continue;
        for (int t = 0; t < 2 && drawn != probe->direction; t++)
            zg_direction_u(direction, tables[t].tensor, table_row[t], 1, u + t * rank);
        drawn = probe->direction;
        for (int t = 0; t < 2; t++) {
            for (int64_t e = 0; e < rank; e++)
                scaled[e] = coefficient * u[t * rank + e];
            s->kernels->add_rank(x, scaled, rank,
                                 zg_table_vt(low, &tables[t], low->v_of[probe->direction]),
                                 tables[t].ldv, s->shape.d_model, x);
        }
    }
}

/* Products of both tables' low rank: kept ones once a row, a direction's once a slot. */
static void count_embedding(struct zg_engine_state *s, const struct zg_pass *pass)
{
    const int64_t n_slots = pass->centred ? pass->n_probes / 2 : pass->n_probes;
    const int64_t columns = (zg_is_open_for_full(s) ? zg_kept_rank(&s->lowrank) : 0) +
                            (pass->moved ? n_slots * s->lowrank.rank : 0);
    zg_cost_add(&s->meter, 4.0 * (double)(s->plan.trie.n_rows * s->shape.d_model * columns), 0.0);
}

static void embed(struct zg_engine_state *s, const struct zg_pass *pass)
{
    const struct zg_table *tokens = &s->weights.tables[ZG_TABLE_EMBED],
                          *positions = &s->weights.tables[ZG_TABLE_POSITIONS];
    const int64_t d = s->shape.d_model, n_rows = s->plan.trie.n_rows;
    const int64_t copies = zg_pass_rows(pass, 1);
    zg_phase_start(s, ZG_PHASE_EMBED);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++) {
        /* Pads may go past the last position; nothing looks at them. */
        const int64_t position =
            zg_min64(zg_trie_depth(&s->plan.trie, i), s->shape.n_positions - 1);
        const int64_t row[] = {s->plan.trie.row_token[i], (position + ZG_POSITION_OFFSET)};
        const float *token = tokens->data + row[0] * d, *place = positions->data + row[1] * d;
        float *x = s->act.x.data + i * s->act.x.ld;
        for (int64_t c = 0; c < d; c++)
            x[c] = token[c] + place[c];
        zg_tables_add_kept(s, tokens, row[0], x);
        zg_tables_add_kept(s, positions, row[1], x);
        if (!pass->common)
            copy_to_slots(s, pass, s->act.x, n_rows, i);
        if (pass->moved)
            move_embedding(s, pass, i, row);
    }
    zg_cost_add(&s->meter, 0.0, 4.0 * (double)(n_rows * d * (2 + copies)));
    count_embedding(s, pass);
}

/* Ends `common`: from one copy of the residual stream to one for each slot. */
static void part(struct zg_engine_state *s, struct zg_pass *pass, struct zg_matrix x,
                 int64_t n_rows)
{
    zg_phase_start(s, ZG_PHASE_EMBED);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows; i++)
        copy_to_slots(s, pass, x, n_rows, i);
    pass->common = false;
}

static void gather_scored(struct zg_engine_state *s, const struct zg_pass *pass,
                          struct zg_matrix from, struct zg_matrix to)
{
    const int64_t n_scored = s->plan.n_scored, n_rows = s->plan.trie.n_rows;
    const int64_t copies = zg_pass_rows(pass, 1);
    zg_phase_start(s, ZG_PHASE_OTHER);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < copies * n_scored; i++)
        copy_row(to.data + i * to.ld,
                 from.data + (i / n_scored * n_rows + s->plan.scored_row[i % n_scored]) * from.ld,
                 s->shape.d_model);
}

static void run_gemm(struct zg_engine_state *s, const struct zg_linear *linear,
                     const struct zg_panel *panel, enum zg_dtype dtype, struct zg_gemm *g)
{
    g->w = panel;
    if (s->observe)
        s->observe(s, linear, g);
    s->provider->gemm(s->provider_state, g);
    zg_cost_panel(&s->meter, &linear->shape, dtype, g);
}

/* y = epilogue(W x); x has its extras.  With a residual, y is the residual. */
static void run_linear(struct zg_engine_state *s, const struct zg_linear *linear,
                       enum zg_phase phase, const struct stretch *r, struct zg_matrix x,
                       enum zg_epilogue epilogue, struct zg_matrix y)
{
    const bool residual = epilogue == ZG_EPILOGUE_RESIDUAL;
    const int64_t n_rows = zg_pass_rows(r->pass, r->n_rows);
    const int64_t n_differences = zg_pass_is_centred(r->pass) ? n_rows / 2 : 0;
    struct zg_gemm g = {
        .x = x.data,
        .ldx = x.ld,
        .n_rows = n_rows,
        .n_extra = zg_has(s, ZG_M_ADAPTER) ? s->lowrank.n_extra : 0,
        .bias = linear->bias,
        .n_difference_rows = n_differences,
        .epilogue = epilogue,
        .residual = residual ? y.data : NULL,
        .ldr = residual ? y.ld : 0,
        .y = y.data,
        .ldy = y.ld,
    };
    zg_phase_start(s, phase);
    if (n_differences > 0 && linear->panel_d != linear->panel) {
        g.n_rows = n_rows - n_differences;
        g.n_difference_rows = 0;
        run_gemm(s, linear, linear->panel, s->options.dtype, &g);
        g.x = zg_row(x, g.n_rows);
        g.y = zg_row(y, g.n_rows);
        g.residual = residual ? g.y : NULL;
        g.n_rows = g.n_difference_rows = n_differences;
        run_gemm(s, linear, linear->panel_d, s->options.dtype_d, &g);
    } else {
        run_gemm(s, linear, linear->panel, s->options.dtype, &g);
    }
}

static void run_mlp(struct zg_engine_state *s, const struct zg_layer *layer,
                    const struct stretch *r, struct zg_matrix x)
{
    const struct zg_linear *fc1 = &layer->linear[ZG_L_FC1], *fc2 = &layer->linear[ZG_L_FC2];
    zg_norm_rows(s, r->pass, x, &layer->norm2, r->n_rows, fc1, s->act.h);
    if (zg_pass_is_centred(r->pass)) {
        run_linear(s, fc1, ZG_PHASE_FC1, r, s->act.h, ZG_EPILOGUE_NONE, s->act.wide);
        zg_relu_rows(s, r->pass, r->n_rows, fc2, s->act.wide);
    } else {
        run_linear(s, fc1, ZG_PHASE_FC1, r, s->act.h, ZG_EPILOGUE_RELU, s->act.wide);
        zg_project_rows(s, fc2, r->pass, s->act.wide, r->n_rows);
    }
    run_linear(s, fc2, ZG_PHASE_FC2, r, s->act.wide, ZG_EPILOGUE_RESIDUAL, x);
}

/* The second half of a layer: attention, out, MLP, onto the residual stream x. */
static void run_rest(struct zg_engine_state *s, const struct zg_layer *layer,
                     const struct stretch *r, const struct zg_attention *attention,
                     struct zg_matrix x)
{
    const struct zg_linear *out = &layer->linear[ZG_L_OUT];
    zg_attention_run(s, r->pass, attention);
    zg_project_rows(s, out, r->pass, s->act.h, r->n_rows);
    run_linear(s, out, ZG_PHASE_OUT, r, s->act.h, ZG_EPILOGUE_RESIDUAL, x);
    run_mlp(s, layer, r, x);
}

static struct zg_matrix columns(struct zg_matrix rows, int64_t first)
{
    return (struct zg_matrix){rows.data + first, rows.ld};
}

static void run_layer(struct zg_engine_state *s, struct zg_pass *pass, const struct zg_layer *layer)
{
    const int64_t d = s->shape.d_model, n_rows = s->plan.trie.n_rows;
    const struct stretch r = {pass, n_rows};
    const struct zg_linear *qkv = &layer->linear[ZG_L_QKV];
    zg_norm_rows(s, pass, s->act.x, &layer->norm1, n_rows, qkv, s->act.h);
    run_linear(s, qkv, ZG_PHASE_QKV, &r, s->act.h, ZG_EPILOGUE_NONE, s->act.wide);
    if (pass->common) {
        zg_project_expand(s, qkv, pass, s->act.wide, n_rows);
        part(s, pass, s->act.x, n_rows);
    }
    const struct zg_attention attention = {s->act.wide, columns(s->act.wide, d),
                                           columns(s->act.wide, 2 * d), s->act.h, false};
    run_rest(s, layer, &r, &attention, s->act.x);
}

/* Mechanism `last`: keys and values of all rows, the rest for the scored rows, which move to
 * s->act.scored. */
static void run_last_layer(struct zg_engine_state *s, struct zg_pass *pass,
                           const struct zg_layer *layer)
{
    const int64_t d = s->shape.d_model;
    const struct stretch all = {pass, s->plan.trie.n_rows}, scored = {pass, s->plan.n_scored};
    const struct zg_linear *q = &layer->linear[ZG_L_Q], *kv = &layer->linear[ZG_L_KV];
    const struct zg_matrix q_rows = columns(s->act.wide, zg_round_up(2 * d, ZG_KERNEL_PAD));

    zg_norm_rows(s, pass, s->act.x, &layer->norm1, all.n_rows, kv, s->act.h);
    run_linear(s, kv, ZG_PHASE_QKV, &all, s->act.h, ZG_EPILOGUE_NONE, s->act.wide);
    if (pass->common)
        zg_project_expand(s, kv, pass, s->act.wide, all.n_rows);
    gather_scored(s, pass, s->act.x, s->act.scored);
    zg_norm_rows(s, pass, s->act.scored, &layer->norm1, scored.n_rows, q, s->act.h);
    run_linear(s, q, ZG_PHASE_QKV, &scored, s->act.h, ZG_EPILOGUE_NONE, q_rows);
    if (pass->common) {
        zg_project_expand(s, q, pass, q_rows, scored.n_rows);
        part(s, pass, s->act.scored, scored.n_rows);
    }
    const struct zg_attention attention = {q_rows, s->act.wide, columns(s->act.wide, d), s->act.h,
                                           true};
    run_rest(s, layer, &scored, &attention, s->act.scored);
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
        gather_scored(s, pass, s->act.x, s->act.scored);
    const struct zg_matrix x = !prune && all_rows ? s->act.x : s->act.scored;
    zg_norm_rows(s, pass, x, &s->weights.final_norm, s->plan.n_scored, NULL, s->act.h);
}
