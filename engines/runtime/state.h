/*
 * state.h - what the runtime's files share: the open engine, its weights, its buffers, one pass of
 * probes.
 *
 *     weights.c   panels, norms, embeddings        adapter.c   U, V, A, extras, folding
 *                                                  bank.c      the A V^T of earlier V
 *     forward.c   the layers of one pass           project.c   t = V^T x and its places in rows
 *     attention.c norm.c epilogue.c                the rows between GEMMs
 *     loss.c      head, log-sum-exp
 *     score.c     probes -> passes -> losses       cost.c      FLOPs and bytes
 *     calibrate.c outliers.c                       columns that int8 would spoil
 *     state.c     the buffers that are owned
 *     runtime.c   open, begin, score, apply, read, close
 */
#ifndef ZG_RUNTIME_STATE_H
#define ZG_RUNTIME_STATE_H

#include <omp.h>

#include "engines/layout/plan.h"
#include "engines/layout/useful.h"
#include "engines/runtime/kernels.h"
#include "engines/runtime/provider.h"

/* Linear layers that share an input are one panel.  A layer has QKV, or Q and KV where it is the
 * last one and pruned (mechanism `last`): queries then come from fewer rows than keys.  Where
 * layers repeat (zg_model_alias_layers()), the one that is last and others too has all three. */
enum zg_linear_kind { ZG_L_QKV, ZG_L_Q, ZG_L_KV, ZG_L_OUT, ZG_L_FC1, ZG_L_FC2, ZG_N_LINEARS };
#define ZG_MAX_GROUPS 3

struct zg_linear {
    struct zg_panel *panel; /* NULL: the layer has no such panel */
    /* What half differences meet: `panel`, or one of options.dtype_d where that is another. */
    struct zg_panel *panel_d;
    struct zg_panel_shape shape; /* of `panel` */
    int64_t n_visits;            /* layers of the depth that run it; 1 where none repeats */
    int32_t tensors[ZG_MAX_GROUPS];
    float *bias; /* [n_groups * n_out] */
    /* Low-rank state.  Each V has a block: the bank's, oldest first, then the present one, at the
     * rank of the last begin(); zg_present_vt() and zg_present_a() find it. */
    float *vt; /* [V][n_groups][its rank][ldv] V, transposed: t = V^T x reads it along x */
    int64_t ldv;
    float *a; /* [V][n_groups * n_out][its rank] accumulated updates; NULL unless lazy */
    float *u; /* [direction][n_groups * n_out][rank], not scaled */
};

/* Rows of U or V that a thread generates at a time: V's go through its scratch. */
#define ZG_STRIPE 64

struct zg_norm {
    float *gain, *bias; /* [d_model] */
};

struct zg_layer {
    struct zg_linear linear[ZG_N_LINEARS];
    struct zg_norm norm1, norm2;
};

/*
 * Probes that go through the layers together; rows are slot-major: row i of slot p is p * n + i.
 * Plain: slot p is probe p.
 * Centred: the probes are pairs of opposite coefficients, probe p and probe n_pairs + p.  Slot p is
 * the mean of the two, slot n_pairs + p their half difference (the first's minus the mean), until
 * the final norm gives back the probes' own rows, each in its slot.
 */
struct zg_pass {
    const struct zg_probe *probes;
    int64_t n_probes;
    bool centred;
    bool common; /* the probes are still equal: one copy of each plain row stands for all */
};

static inline bool zg_pass_is_centred(const struct zg_pass *pass)
{
    return pass->centred && !pass->common;
}
static inline int64_t zg_pass_rows(const struct zg_pass *pass, int64_t rows_per_slot)
{
    return pass->common ? rows_per_slot : pass->n_probes * rows_per_slot;
}

/* The two rows that a thread takes at a time: mean and half difference, or neighbours.  The last
 * row of an odd number comes twice. */
struct zg_two {
    int64_t first, second;
};
static inline struct zg_two zg_pass_two(const struct zg_pass *pass, int64_t n_rows, int64_t i)
{
    if (zg_pass_is_centred(pass))
        return (struct zg_two){i, n_rows / 2 + i};
    return (struct zg_two){2 * i, 2 * i + 1 < n_rows ? 2 * i + 1 : 2 * i};
}

/* Matrices with padded rows. */
struct zg_matrix {
    float *data;
    int64_t ld;
};
static inline float *zg_row(struct zg_matrix rows, int64_t row)
{
    return rows.data + row * rows.ld;
}

struct zg_engine_state {
    const struct zg_engine *engine;
    const struct zg_provider *provider;
    const struct zg_runtime_kernels *kernels;
    const struct zg_model *model; /* borrowed until close */
    struct zg_model_shape shape;
    struct zg_engine_options options;
    struct zg_provider_state *provider_state;

    /* weights.c */
    struct zg_layer *layers; /* the resident ones */
    float *embed, *positions,
        *head; /* [n_vocab][d], [n_positions + 2][d], [n_vocab][d]; head is embed if tied */
    struct zg_norm final_norm;

    /* adapter.c */
    struct zg_direction *directions; /* [n_directions] of the last begin() */
    int64_t n_directions;
    uint64_t seed_v;
    int64_t rank;
    bool have_v;
    bool a_live;       /* the present A is not zero */
    int64_t n_bank;    /* V that are kept with their A; 0 unless mechanism `bank` */
    int64_t *v_rank;   /* [n_bank + 1] of each V, the present one last */
    int64_t bank_rank; /* the bank's ranks together */
    bool extras_stale; /* the panels' adapter columns are not those of A and U */
    int64_t n_extra;   /* columns per group that the panels hold */
    int64_t n_synced;  /* the bank's among them, which do not change any more */
    float *extra;      /* scratch of one panel's columns */
    float *v;          /* scratch: one group's V, [n_in][rank] */
    float *zeros;      /* [rows of a panel][rank] for the visits that change nothing; or NULL */
    /* [groups q, k, v][direction * rank][ldu] scaled U of layer 0, transposed, for `common` */
    float *ut;
    int64_t ldu;
    int32_t written_direction; /* adapter off: what is written into the weights now */
    float written_coefficient;

    /* activations; rows of a pass */
    struct zg_matrix x;      /* residual stream [rows][d] */
    struct zg_matrix h;      /* GEMM inputs of width d, with extras */
    struct zg_matrix wide;   /* q | k | v, or the MLP's inner rows with extras */
    struct zg_matrix scored; /* residual stream of the scored rows */
    struct zg_matrix t;      /* V^T x [rows][V][groups][its rank] */
    struct zg_matrix slice;  /* logits [normalised rows][a slice of the vocabulary] */
    float *logit;            /* [probes][queries] */
    float *max;              /* [probes][normalised rows] running maximum */
    double *sum;             /* likewise; the log-sum-exp when the head is done */
    float *thread_scratch;   /* [n_threads][thread_floats] */
    int64_t thread_floats;
    int64_t max_keys;             /* columns of gathered keys */
    int64_t *paired;              /* [max_probes] pairs of a centred pass (score.c) */
    struct zg_probe *slot_probes; /* [max_probes] its probes, slot by slot */

    struct zg_batch_plan plan; /* as the mechanisms say */
    struct zg_useful *useful;  /* counts the minimum where `plan` is another */
    bool useful_apart;         /* `plan` is never the useful one */
    struct zg_cost cost;
    enum zg_phase phase;
    /* NULL but while open() calibrates (calibrate.c): is shown each product before it is made. */
    void (*observe)(struct zg_engine_state *s, const struct zg_linear *linear,
                    const struct zg_gemm *g);
    struct zg_calibration *calibration;

    void *owned[48]; /* every buffer, for close */
    int64_t n_owned;
};

static inline bool zg_has(const struct zg_engine_state *s, enum zg_mechanism m)
{
    return (s->options.mechanisms & ZG_MECHANISM_BIT(m)) != 0;
}

/* The calling thread's scratch, inside a parallel region. */
static inline float *zg_own_scratch(const struct zg_engine_state *s)
{
    return s->thread_scratch + omp_get_thread_num() * s->thread_floats;
}

/* The weights of a layer of the depth. */
static inline struct zg_layer *zg_layer_at(const struct zg_engine_state *s, int64_t l)
{
    return &s->layers[l % zg_shape_n_resident(&s->shape)];
}
/* Does it run for the scored rows only? */
static inline bool zg_layer_is_pruned(const struct zg_engine_state *s, int64_t l)
{
    return zg_has(s, ZG_M_LAST) && l == s->shape.n_layers - 1;
}
static inline bool zg_layer_runs(const struct zg_engine_state *s, int64_t l,
                                 enum zg_linear_kind kind)
{
    return kind > ZG_L_KV || zg_layer_is_pruned(s, l) == (kind != ZG_L_QKV);
}
/* Of the layers that run this panel, is it the first?  Its own last one splits q and kv apart. */
static inline bool zg_layer_is_first(const struct zg_engine_state *s, int64_t l,
                                     const struct zg_linear *linear)
{
    return linear->n_visits == 1 || l < zg_shape_n_resident(&s->shape);
}

/* Every panel once.  Used like a for statement, as the next. */
#define ZG_FOR_EACH_PANEL(s, linear)                                                               \
    for (int64_t l_ = 0; l_ < zg_shape_n_resident(&(s)->shape); l_++)                              \
        for (struct zg_linear *linear = (s)->layers[l_].linear;                                    \
             linear < (s)->layers[l_].linear + ZG_N_LINEARS; linear++)                             \
            if (linear->panel)
/* What every layer of the depth runs: a panel comes up n_visits times.  Work of a step goes through
 * this one, so that a model of repeated layers costs what one of distinct layers would. */
#define ZG_FOR_EACH_LINEAR(s, layer, linear)                                                       \
    for (int64_t layer = 0; layer < (s)->shape.n_layers; layer++)                                  \
        for (int kind_ = 0; kind_ < ZG_N_LINEARS; kind_++)                                         \
            for (struct zg_linear *linear = zg_layer_runs(s, layer, (enum zg_linear_kind)kind_)    \
                                                ? &zg_layer_at(s, layer)->linear[kind_]            \
                                                : NULL;                                            \
                 linear; linear = NULL)

/* Marks the start of a phase, for the caller's clock and for the cost model. */
static inline void zg_phase_start(struct zg_engine_state *s, enum zg_phase phase)
{
    s->phase = phase;
    if (s->options.on_phase)
        s->options.on_phase(s->options.on_phase_context, phase);
}

/* A buffer that close() frees.  NULL once *status is a failure, or becomes one. */
void *zg_state_take(struct zg_engine_state *s, int64_t n_items, size_t item_size, const char *what,
                    enum zg_status *status, struct zg_error *err);

/* ---- weights.c ------------------------------------------------------------------------------ */
enum zg_status zg_weights_open(struct zg_engine_state *s, struct zg_error *err);
void zg_weights_close(struct zg_engine_state *s);
/* The panel and group that hold a tensor; NULL if none does. */
struct zg_linear *zg_weights_find(struct zg_engine_state *s, int32_t tensor, int64_t *group);

/* ---- bank.c --------------------------------------------------------------------------------- */
static inline float *zg_present_vt(const struct zg_engine_state *s, const struct zg_linear *linear)
{
    return linear->vt + linear->shape.n_groups * s->bank_rank * linear->ldv;
}
static inline float *zg_present_a(const struct zg_engine_state *s, const struct zg_linear *linear)
{
    return linear->a + linear->shape.n_groups * linear->shape.n_out * s->bank_rank;
}
/* V that have columns in the panels: the bank's, and the present one where its A is not zero. */
static inline int64_t zg_n_kept(const struct zg_engine_state *s)
{
    return s->n_bank + (s->a_live ? 1 : 0);
}
/* How many V there is room for, the present one included. */
int64_t zg_bank_max_v(const struct zg_engine_state *s);
enum zg_status zg_bank_open(struct zg_engine_state *s, struct zg_error *err);
/* The present V and A become the bank's last.  ZG_USAGE: it is full, and nothing has changed. */
enum zg_status zg_bank_push(struct zg_engine_state *s, struct zg_error *err);
/* w [n_rows][ld] += all A V^T of these rows of a group. */
void zg_bank_add(const struct zg_engine_state *s, const struct zg_linear *linear, int64_t group,
                 int64_t row_begin, int64_t n_rows, float *w, int64_t ld);

/* ---- adapter.c ------------------------------------------------------------------------------ */
enum zg_status zg_adapter_open(struct zg_engine_state *s, struct zg_error *err);
int64_t zg_adapter_max_extra(const struct zg_engine_state *s);
enum zg_status zg_adapter_begin(struct zg_engine_state *s, const struct zg_direction *directions,
                                int64_t n, struct zg_error *err);
void zg_adapter_apply(struct zg_engine_state *s, const struct zg_update *updates, int64_t n);
/* Brings the panels' adapter columns up to date. */
void zg_adapter_sync(struct zg_engine_state *s);
/* Adapter off: writes the probe into the weights in place of the former one; coefficient 0
 * restores. */
void zg_adapter_write(struct zg_engine_state *s, int32_t direction, float coefficient);

/* ---- project.c ------------------------------------------------------------------------------ */
/* Extras of x's rows (rows_per_slot of each slot of the pass): t = V^T x, placed per provider.h. */
void zg_project_rows(struct zg_engine_state *s, const struct zg_linear *linear,
                     const struct zg_pass *pass, struct zg_matrix x, int64_t rows_per_slot);
/* Is t, where there are adapters, so narrow that who makes x computes it, by the next three? */
bool zg_project_in_place(const struct zg_engine_state *s, const struct zg_linear *linear);
/* t of two rows from columns begin .. begin + n - 1 of x, ascending from 0 on. */
void zg_project_dots(const struct zg_engine_state *s, const struct zg_linear *linear,
                     struct zg_matrix x, struct zg_two two, int64_t begin, int64_t n);
void zg_project_place(const struct zg_engine_state *s, const struct zg_linear *linear,
                      const struct zg_pass *pass, struct zg_matrix x, int64_t rows_per_slot,
                      struct zg_two two);
void zg_project_cost(struct zg_engine_state *s, const struct zg_linear *linear, int64_t n_rows);
/* `common`: from one copy of y (and s->t of its input) to each slot's, in place; slot p at p *
 * n_rows. */
void zg_project_expand(struct zg_engine_state *s, const struct zg_linear *linear,
                       const struct zg_pass *pass, struct zg_matrix y, int64_t n_rows);

/* ---- forward.c ------------------------------------------------------------------------------ */
/* From tokens to the final norm's output of the scored rows, in s->h: probe p's at p * n_scored. */
void zg_forward_run(struct zg_engine_state *s, struct zg_pass *pass);

/* ---- norm.c, attention.c, loss.c ------------------------------------------------------------ */
/* y = norm(x) of rows_per_slot rows of each slot, with the extras for `reader`.  reader NULL: for
 * the head, which takes the probes' own rows. */
void zg_norm_rows(struct zg_engine_state *s, const struct zg_pass *pass, struct zg_matrix x,
                  const struct zg_norm *norm, int64_t rows_per_slot, const struct zg_linear *reader,
                  struct zg_matrix y);
/* ReLU of a centred pass, in place, with the extras for `reader`. */
void zg_relu_rows(struct zg_engine_state *s, const struct zg_pass *pass, int64_t rows_per_slot,
                  const struct zg_linear *reader, struct zg_matrix x);

struct zg_attention {
    struct zg_matrix q, k, v; /* first column of head 0 */
    struct zg_matrix out;
    bool scored; /* q and out hold the scored rows only */
};
/* Floats of a thread's scratch. */
int64_t zg_attention_scratch(const struct zg_engine_state *s);
void zg_attention_run(struct zg_engine_state *s, const struct zg_pass *pass,
                      const struct zg_attention *a);

/* Logits of all queries and log-sum-exps of all normalised rows from s->h, into s->logit, s->max,
 * s->sum. */
void zg_head_run(struct zg_engine_state *s, const struct zg_pass *pass);

/* ---- score.c -------------------------------------------------------------------------------- */
/* Losses of a batch that has been checked. */
void zg_score_run(struct zg_engine_state *s, const struct zg_batch *batch,
                  const struct zg_probe *probes, int64_t n_probes, struct zg_scores *out);

/* ---- calibrate.c ---------------------------------------------------------------------------- */
/* int8 panels: finds their outlier columns and keeps them in bf16.  The last thing of open(). */
enum zg_status zg_calibrate_run(struct zg_engine_state *s, struct zg_error *err);

/* ---- cost.c --------------------------------------------------------------------------------- */
/* A product in fp32. */
void zg_cost_gemm(struct zg_engine_state *s, int64_t n_rows, int64_t n_out, int64_t n_in);
/* A product with a panel of that shape, its weights in `dtype`. */
void zg_cost_panel(struct zg_engine_state *s, const struct zg_panel_shape *panel,
                   enum zg_dtype dtype, const struct zg_gemm *g);
void zg_cost_add(struct zg_engine_state *s, double flops, double bytes);
/* Useful FLOPs and rows of the batch just planned. */
void zg_cost_plan(struct zg_engine_state *s, const struct zg_batch *batch, int64_t n_probes);

#endif
