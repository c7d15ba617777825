/*
 * adapter.c - nearby weight states as low-rank adapters, and what becomes of updates.
 *
 *     y = W x + A (V^T x) + a scale U (V^T x)     a: the probe's coefficient
 *                                                 A [out][rank]: pending updates
 *
 * The panels carry the columns [A | scale U_0 | scale U_1 ...]; the rows of x carry [t | a t or 0 |
 * ...] with t = V^T x, so that all probes share one panel (provider.h).  In scope full a direction
 * has one column more, the scaled z of the panel's bias, for rows that carry the coefficient
 * itself; tables.c and vectors.c have what is no panel.  While V stays, an update is A += -c scale
 * U; when begin() brings another V, A V^T is folded into W first.  With feature own_v there are
 * several V, and as many A.
 *
 * Without the mechanism `adapter` the weights themselves are moved from probe to probe, as the loop
 * does.
 */
#include "engines/runtime/adapter.h"

#include <string.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "engines/runtime/bank.h"
#include "engines/runtime/momentum.h"
#include "engines/runtime/tables.h"
#include "engines/runtime/vectors.h"

static int64_t linear_rows(const struct zg_linear *linear)
{
    return linear->shape.n_groups * linear->shape.n_out;
}

/* Of what may be done once only, the first of the layers that repeat a panel does all; the others
 * go through it with a U of zeros, for as much work and no further rounding.  (A coefficient of 0
 * would be no work: BLAS returns at once.) */
static const float *visit_u(const struct zg_engine_state *s, int64_t layer,
                            const struct zg_linear *linear, const float *u)
{
    return zg_layer_is_first(s, layer, linear) ? u : s->lowrank.zeros;
}

int64_t zg_adapter_max_extra(const struct zg_engine_state *s)
{
    const struct zg_engine_limits *limits = &s->options.limits;
    if (!zg_has(s, ZG_M_ADAPTER))
        return 0;
    const int64_t n_z = zg_is_open_for_full(s) ? limits->max_directions : 0;
    return limits->max_rank *
               (limits->max_directions + (zg_has(s, ZG_M_LAZY) ? zg_bank_max_v(s) : 0)) +
           n_z;
}

enum zg_status zg_adapter_open(struct zg_engine_state *s, struct zg_error *err)
{
    struct zg_lowrank *low = &s->lowrank;
    const struct zg_engine_limits *limits = &s->options.limits;
    const int64_t rank = limits->max_rank, n_blocks = zg_bank_max_v(s);
    enum zg_status status = zg_bank_open(s, err);
    int64_t n_v = 0, n_u = 0, most_rows = 0, most_in = 0;
    ZG_FOR_EACH_PANEL(s, linear)
    {
        linear->ldv = zg_round_up(linear->shape.n_in, ZG_KERNEL_PAD);
        n_v += linear->shape.n_groups * linear->ldv;
        n_u += linear_rows(linear);
        most_rows = zg_max64(most_rows, linear_rows(linear));
        most_in = zg_max64(most_in, linear->shape.n_in);
    }
    const size_t column = (size_t)rank * sizeof(float);
    float *vt = zg_state_take(s, n_v * n_blocks, column, "V", &status, err);
    float *u = zg_state_take(s, n_u * limits->max_directions, column, "U", &status, err);
    float *a =
        zg_has(s, ZG_M_LAZY) ? zg_state_take(s, n_u * n_blocks, column, "A", &status, err) : NULL;
    low->extra = zg_state_take(s, most_rows * zg_adapter_max_extra(s), sizeof(float), "adapter",
                               &status, err);
    low->v = zg_state_take(s, most_in, column, "V", &status, err);
    if (zg_shape_n_resident(&s->shape) < s->shape.n_layers) {
        low->zeros = zg_state_take(s, most_rows, column, "U", &status, err);
        if (low->zeros)
            memset(low->zeros, 0, (size_t)most_rows * column);
    }
    low->ldu = zg_round_up(s->shape.d_model, ZG_KERNEL_PAD);
    if (zg_has(s, ZG_M_COMMON))
        low->ut =
            zg_state_take(s, 3 * limits->max_directions * low->ldu, column, "U", &status, err);
    low->seed_v =
        zg_state_take(s, limits->max_directions, sizeof *low->seed_v, "directions", &status, err);
    low->v_of =
        zg_state_take(s, limits->max_directions, sizeof *low->v_of, "directions", &status, err);
    low->directions = zg_state_take(s, limits->max_directions, sizeof *low->directions,
                                    "directions", &status, err);
    if (status)
        return status;
    ZG_FOR_EACH_PANEL(s, linear)
    {
        linear->vt = vt;
        linear->u = u;
        linear->a = a;
        vt += linear->shape.n_groups * linear->ldv * rank * n_blocks;
        u += linear_rows(linear) * limits->max_directions * rank;
        a = a ? a + linear_rows(linear) * rank * n_blocks : NULL;
    }
    return ZG_OK;
}

/* ---- U, V ----------------------------------------------------------------------------------- */

/* The panels are walked inside one region: each is too small to pay for a region of its own.  A
 * panel that comes up again gets the same rows from the same threads (schedule(static)). */
static void draw_v(struct zg_engine_state *s, const struct zg_direction *direction, int64_t v)
{
    const int64_t rank = direction->rank;
#pragma omp parallel num_threads((int)s->options.n_threads)
    {
        float *stripe = zg_scratch_own(&s->scratch);
        ZG_FOR_EACH_LINEAR(s, layer, linear)
        {
            const int64_t n_in = linear->shape.n_in, n_stripes = zg_ceil_div(n_in, ZG_STRIPE);
#pragma omp for schedule(static) nowait
            for (int64_t i = 0; i < linear->shape.n_groups * n_stripes; i++) {
                const int64_t group = i / n_stripes, begin = i % n_stripes * ZG_STRIPE;
                const int64_t n = zg_min64(ZG_STRIPE, n_in - begin);
                float *vt = zg_present_vt(&s->lowrank, linear, v) + group * rank * linear->ldv;
                zg_direction_v(direction, linear->tensors[group], begin, n, stripe);
                for (int64_t e = 0; e < rank; e++)
                    for (int64_t k = 0; k < n; k++)
                        vt[e * linear->ldv + begin + k] = stripe[k * rank + e];
            }
        }
    }
}

/* Of layers that a direction leaves alone, U is 0. */
static void draw_u(struct zg_engine_state *s)
{
    struct zg_lowrank *low = &s->lowrank;
    const int64_t rank = low->rank;
#pragma omp parallel num_threads((int)s->options.n_threads)
    ZG_FOR_EACH_LINEAR(s, layer, linear)
    {
        const int64_t n_out = linear->shape.n_out, n_stripes = zg_ceil_div(n_out, ZG_STRIPE);
        const int64_t n_groups = linear->shape.n_groups;
#pragma omp for schedule(static) nowait
        for (int64_t i = 0; i < low->n_directions * n_groups * n_stripes; i++) {
            const int64_t begin = i % n_stripes * ZG_STRIPE, group = i / n_stripes % n_groups;
            const int64_t j = i / n_stripes / n_groups;
            float *u = linear->u + ((j * n_groups + group) * n_out + begin) * rank;
            const int64_t n = zg_min64(ZG_STRIPE, n_out - begin);
            if (!zg_direction_has_layers(&low->directions[j]) ||
                zg_direction_includes(&low->directions[j], &s->shape, linear->tensors[group]))
                zg_direction_u(&low->directions[j], linear->tensors[group], begin, n, u);
            else
                memset(u, 0, (size_t)(n * rank) * sizeof *u);
        }
    }
}

/* One group's v-th V as [n_in][rank], which add_lowrank() wants, in lowrank.v. */
static void transpose_v(struct zg_engine_state *s, const struct zg_linear *linear, int64_t group,
                        int64_t v)
{
    struct zg_lowrank *low = &s->lowrank;
    const float *vt = zg_present_vt(low, linear, v) + group * low->rank * linear->ldv;
    for (int64_t k = 0; k < linear->shape.n_in; k++)
        for (int64_t e = 0; e < low->rank; e++)
            low->v[k * low->rank + e] = vt[e * linear->ldv + k];
}

/* ---- writing the weights -------------------------------------------------------------------- */

/* W_g += coefficient u_g V_g^T for all groups of a panel and its v-th V; u [n_groups *
 * n_out][rank]. */
static void write_panel(struct zg_engine_state *s, struct zg_linear *linear, float coefficient,
                        const float *u, int64_t v)
{
    struct zg_lowrank *low = &s->lowrank;
    const int64_t n_out = linear->shape.n_out, n_in = linear->shape.n_in;
    for (int64_t group = 0; group < linear->shape.n_groups; group++) {
        transpose_v(s, linear, group, v);
        s->provider->add_lowrank(s->provider_state, linear->panel, group, coefficient,
                                 u + group * n_out * low->rank, low->v, low->rank);
        zg_cost_add(&s->meter, 2.0 * (double)(n_out * n_in * low->rank),
                    8.0 * (double)(n_out * n_in));
    }
}

static void write_direction(struct zg_engine_state *s, int32_t direction, float coefficient)
{
    const float scaled = coefficient * s->lowrank.directions[direction].scale;
    if (scaled == 0.0f)
        return;
    ZG_FOR_EACH_LINEAR(s, layer, linear)
    write_panel(
        s, linear, scaled,
        visit_u(s, layer, linear, linear->u + direction * linear_rows(linear) * s->lowrank.rank),
        s->lowrank.v_of[direction]);
    if (s->lowrank.directions[direction].scope == ZG_SCOPE_FULL) {
        zg_tables_add(s, direction, coefficient);
        zg_vectors_add(s, direction, coefficient);
    }
}

void zg_adapter_write(struct zg_engine_state *s, int32_t direction, float coefficient)
{
    struct zg_lowrank *low = &s->lowrank;
    zg_phase_start(s, ZG_PHASE_PERTURB);
    if (direction != low->written_direction) {
        write_direction(s, low->written_direction, -low->written_coefficient);
        low->written_coefficient = 0.0f;
    }
    /* From +eps to -eps in one write of -2 eps, as the loop does. */
    write_direction(s, direction, coefficient - low->written_coefficient);
    low->written_direction = direction;
    low->written_coefficient = coefficient;
}

static void fold(struct zg_engine_state *s)
{
    zg_phase_start(s, ZG_PHASE_FOLD);
    for (int64_t v = 0; v < s->lowrank.n_v; v++)
        ZG_FOR_EACH_LINEAR(s, layer, linear)
    write_panel(s, linear, 1.0f, visit_u(s, layer, linear, zg_present_a(&s->lowrank, linear, v)),
                v);
    zg_tables_fold(s);
    s->lowrank.a_live = false;
}

/* ---- begin and apply ------------------------------------------------------------------------ */

/* Which V each direction has, and the list of them, in the order in which they come up. */
static void number_v(struct zg_lowrank *low)
{
    low->n_v = 0;
    low->rank = low->directions[0].rank;
    low->have_v = true;
    for (int64_t j = 0; j < low->n_directions; j++) {
        int64_t v = 0;
        while (v < low->n_v && low->seed_v[v] != low->directions[j].seed_v)
            v++;
        low->v_of[j] = v;
        low->seed_v[v] = low->directions[j].seed_v;
        low->v_rank[low->n_bank + v] = low->rank;
        low->n_v = zg_max64(low->n_v, v + 1);
    }
}

/* Is j the first direction of its V? */
static bool is_first_of_v(const struct zg_lowrank *low, int64_t j)
{
    for (int64_t i = 0; i < j; i++)
        if (low->v_of[i] == low->v_of[j])
            return false;
    return true;
}

/* Have these directions the present V, in the same order? */
static bool same_v(const struct zg_lowrank *low, const struct zg_direction *directions, int64_t n)
{
    int64_t n_v = 0;
    if (!low->have_v || low->rank != directions[0].rank)
        return false;
    for (int64_t j = 0; j < n; j++) {
        int64_t v = 0;
        while (v < n_v && low->seed_v[v] != directions[j].seed_v)
            v++;
        if (v == n_v && (v == low->n_v || low->seed_v[n_v++] != directions[j].seed_v))
            return false;
    }
    return n_v == low->n_v;
}

enum zg_status zg_adapter_begin(struct zg_engine_state *s, const struct zg_direction *directions,
                                int64_t n, struct zg_error *err)
{
    struct zg_lowrank *low = &s->lowrank;
    const bool new_v = !same_v(low, directions, n);
    if (new_v && low->a_live && zg_has(s, ZG_M_BANK)) {
        const enum zg_status status = zg_bank_push(s, err);
        if (status)
            return status; /* nothing has changed */
    } else if (new_v && low->a_live) {
        fold(s);
    }
    zg_phase_start(s, ZG_PHASE_DIRECTION);
    memcpy(low->directions, directions, (size_t)n * sizeof *directions);
    low->n_directions = n;
    number_v(low);
    for (int64_t j = 0; j < n && new_v; j++)
        if (is_first_of_v(low, j)) {
            draw_v(s, &directions[j], low->v_of[j]);
            zg_tables_draw_v(s, &directions[j], low->v_of[j]);
        }
    draw_u(s);
    zg_vectors_draw(s);
    low->written_direction = 0;
    low->written_coefficient = 0.0f;
    low->extras_stale = true;
    return ZG_OK;
}

/* A += sum_i -c_i scale U_{j_i}; the first update since a fold overwrites what A held. */
static void accumulate(struct zg_engine_state *s, const struct zg_update *updates, int64_t n)
{
    struct zg_lowrank *low = &s->lowrank;
    double elements = 0.0;
#pragma omp parallel num_threads((int)s->options.n_threads)
    ZG_FOR_EACH_LINEAR(s, layer, linear)
    {
        const int64_t n_elements = linear_rows(linear) * low->rank;
        const bool is_first = zg_layer_is_first(s, layer, linear);
        const float share = is_first ? 1.0f : 0.0f;
        const bool overwrite = !low->a_live && is_first;
        for (int64_t v = 0; v < low->n_v; v++) {
            float *sum = zg_present_a(low, linear, v);
#pragma omp for schedule(static) nowait
            for (int64_t e = 0; e < n_elements; e++) {
                float a = overwrite ? 0.0f : sum[e];
                for (int64_t i = 0; i < n; i++)
                    if (low->v_of[updates[i].direction] == v)
                        a -= share * updates[i].coefficient *
                             low->directions[updates[i].direction].scale *
                             linear->u[updates[i].direction * n_elements + e];
                sum[e] = a;
            }
        }
    }
    ZG_FOR_EACH_LINEAR(s, layer, linear)
    elements += (double)(linear_rows(linear) * low->rank);
    zg_cost_add(&s->meter, 2.0 * elements * (double)n, 4.0 * elements * (double)(n + 2));
    zg_tables_accumulate(s, updates, n);
    for (int64_t i = 0; i < n; i++)
        if (low->directions[updates[i].direction].scope == ZG_SCOPE_FULL)
            zg_vectors_add(s, updates[i].direction, -updates[i].coefficient);
    low->a_live = true;
    low->extras_stale = true;
}

void zg_adapter_apply(struct zg_engine_state *s, const struct zg_update *updates, int64_t n)
{
    zg_phase_start(s, ZG_PHASE_UPDATE);
    if (n == 0)
        return;
    if (zg_has(s, ZG_M_LAZY))
        accumulate(s, updates, n);
    else
        for (int64_t i = 0; i < n; i++)
            write_direction(s, updates[i].direction, -updates[i].coefficient);
}

/* A -= rate M, as accumulate() of U. */
static void accumulate_m(struct zg_engine_state *s, float rate)
{
    struct zg_lowrank *low = &s->lowrank;
    double elements = 0.0;
#pragma omp parallel num_threads((int)s->options.n_threads)
    ZG_FOR_EACH_LINEAR(s, layer, linear)
    {
        const int64_t n_elements = linear_rows(linear) * low->rank;
        const bool is_first = zg_layer_is_first(s, layer, linear);
        const float share = is_first ? rate : 0.0f;
        const bool overwrite = !low->a_live && is_first;
        float *sum = zg_present_a(low, linear, 0); /* of one V: zg_momentum_check() */
#pragma omp for schedule(static) nowait
        for (int64_t e = 0; e < n_elements; e++)
            sum[e] = (overwrite ? 0.0f : sum[e]) - share * linear->m[e];
    }
    ZG_FOR_EACH_LINEAR(s, layer, linear)
    elements += (double)(linear_rows(linear) * low->rank);
    zg_cost_add(&s->meter, 2.0 * elements, 12.0 * elements);
    zg_momentum_apply_full(s, rate);
    low->a_live = true;
    low->extras_stale = true;
}

void zg_adapter_apply_m(struct zg_engine_state *s, float rate)
{
    zg_phase_start(s, ZG_PHASE_UPDATE);
    if (zg_has(s, ZG_M_LAZY)) {
        accumulate_m(s, rate);
        return;
    }
    ZG_FOR_EACH_LINEAR(s, layer, linear)
    write_panel(s, linear, -rate, visit_u(s, layer, linear, linear->m), 0);
    zg_momentum_apply_full(s, rate);
}

/* ---- extras of the panels ------------------------------------------------------------------- */

/* [the bank's A | A | scale U_0 | scale U_1 ... | z_0 | z_1 ...] of one panel. */
static void assemble_extra(struct zg_engine_state *s, const struct zg_linear *linear)
{
    struct zg_lowrank *low = &s->lowrank;
    const int64_t n_rows = linear_rows(linear), rank = low->rank, ld = low->n_extra,
                  n_kept = zg_n_kept(low);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t o = 0; o < n_rows; o++) {
        float *e = low->extra + o * ld;
        const float *a = linear->a;
        for (int64_t v = 0; v < n_kept; v++) {
            const int64_t n = low->v_rank[v];
            memcpy(e, a + o * n, (size_t)n * sizeof *e);
            e += n;
            a += n_rows * n;
        }
        for (int64_t j = 0; j < low->n_directions; j++)
            for (int64_t c = 0; c < rank; c++)
                *e++ = low->directions[j].scale * linear->u[(j * n_rows + o) * rank + c];
        for (int64_t j = 0; j < low->n_z; j++)
            *e++ = zg_vectors_z(s, j, linear->bias)[o];
    }
}

/* Scaled U of layer 0's q, k, v as rows, for zg_project_expand(). */
static void transpose_u(struct zg_engine_state *s)
{
    struct zg_lowrank *low = &s->lowrank;
    const int64_t rank = low->rank, d = s->shape.d_model;
    float *ut = low->ut;
    for (enum zg_linear_kind kind = ZG_L_QKV; kind <= ZG_L_KV; kind++) {
        const struct zg_linear *linear = &s->weights.layers[0].linear[kind];
        if (!zg_layer_runs(s, 0, kind))
            continue;
        for (int64_t group = 0; group < linear->shape.n_groups; group++)
            for (int64_t j = 0; j < low->n_directions; j++) {
                const float *u = linear->u + (j * linear->shape.n_groups + group) * d * rank;
                for (int64_t e = 0; e < rank; e++, ut += low->ldu)
                    for (int64_t o = 0; o < d; o++)
                        ut[o] = low->directions[j].scale * u[o * rank + e];
            }
    }
}

void zg_adapter_sync(struct zg_engine_state *s)
{
    struct zg_lowrank *low = &s->lowrank;
    if (!low->extras_stale)
        return;
    zg_phase_start(s, ZG_PHASE_ADAPTER);
    const int64_t n_same = low->n_synced;
    low->n_synced = low->bank_rank;
    low->n_extra =
        low->bank_rank + low->rank * (low->n_directions + (low->a_live ? low->n_v : 0)) + low->n_z;
    ZG_FOR_EACH_LINEAR(s, layer, linear)
    {
        assemble_extra(s, linear);
        s->provider->set_extra(s->provider_state, linear->panel, low->extra, low->n_extra, n_same);
        if (linear->panel_d != linear->panel)
            s->provider->set_extra(s->provider_state, linear->panel_d, low->extra, low->n_extra,
                                   n_same);
        zg_cost_add(&s->meter, 0.0, 8.0 * (double)(linear_rows(linear) * low->n_extra));
    }
    if (low->ut)
        transpose_u(s);
    low->extras_stale = false;
}
