/*
 * useful.c - the FLOPs that a step's mathematics needs, whatever an engine does (zo.h, struct
 * zg_cost).
 *
 * Counted: products with weights, the two products of attention, low-rank terms (V^T x, then U
 * times that) and head dots; a multiply and an add are two.  Not counted, being small beside them:
 * norms, softmax, ReLU, biases, sums.
 */
#include "engines/layout/useful.h"

#include <math.h>
#include <stdlib.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "engines/layout/plan.h"

double zg_batch_plan_n_keys(const struct zg_batch_plan *plan, bool scored)
{
    double n = 0.0;
    const int64_t n_rows = scored ? plan->n_scored : plan->trie.n_rows;
    for (int64_t i = 0; i < n_rows; i++)
        n += (double)(zg_trie_depth(&plan->trie, scored ? plan->scored_row[i] : i) + 1);
    return n;
}

/* FLOPs of one row through a matrix: x W^T, V^T x, U times that. */
struct product {
    double base, down, up;
};

static struct product product_of(const struct zg_model_shape *shape, int32_t tensor, int64_t rank)
{
    int64_t n_out = 0, n_in = 0;
    zg_model_tensor_size(shape, tensor, &n_out, &n_in);
    const double out = (double)n_out, in = (double)n_in, r = (double)rank;
    return (struct product){2.0 * out * in, 2.0 * r * in, 2.0 * r * out};
}

/* What the probes have between them. */
struct asked {
    int64_t n_probes;
    int64_t n_clean;      /* with coefficient 0: no direction */
    int64_t n_directions; /* distinct ones, of the others that are of scope linear */
    int64_t n_v;          /* distinct V of those, where they have factors */
    int64_t n_full;       /* probes of scope full, and their distinct directions */
    int64_t n_full_directions;
    int64_t rank;                 /* 0: no factors */
    struct zg_layer_range layers; /* of all directions (zo.h); {0}: all */
};

/* Is there a probe before p of the same direction, or of the same V and scope? */
static bool came_before(const struct zg_probe *probes, int64_t p,
                        const struct zg_direction *directions, bool of_v)
{
    for (int64_t q = 0; q < p; q++) {
        const struct zg_direction *a = &directions[probes[q].direction],
                                  *b = &directions[probes[p].direction];
        const bool same = of_v ? a->seed_v == b->seed_v && a->scope == b->scope : a == b;
        if (same && probes[q].coefficient != 0)
            return true;
    }
    return false;
}

static struct asked asked_of(const struct zg_probe *probes, int64_t n_probes,
                             const struct zg_direction *directions)
{
    struct asked asked = {.n_probes = n_probes};
    for (int64_t p = 0; p < n_probes; p++) {
        if (probes[p].coefficient == 0) {
            asked.n_clean++;
            continue;
        }
        const struct zg_direction *direction = &directions[probes[p].direction];
        const int64_t rank = zg_direction_rank(direction);
        const bool is_new = !came_before(probes, p, directions, false);
        asked.rank = zg_max64(asked.rank, rank);
        asked.layers = direction->layers;
        if (direction->scope == ZG_SCOPE_FULL) {
            asked.n_full++;
            asked.n_full_directions += is_new;
        } else {
            asked.n_directions += is_new;
            asked.n_v += rank > 0 && !came_before(probes, p, directions, true);
        }
    }
    return asked;
}

/* Scope full, of factors: a row of embedding and of positions moves by U V^T once a direction; the
 * head has V^T h of its rows and U times that of its logits, once a probe. */
static double table_flops(const struct zg_batch_plan *plan, const struct zg_model_shape *shape,
                          const struct asked *asked, double head_dots)
{
    const double d = (double)shape->d_model, r = (double)asked->rank;
    return 2.0 * (double)asked->n_full_directions * (double)plan->trie.n_rows * 2.0 * r * d +
           (double)asked->n_full * 2.0 * r * ((double)plan->n_scored * d + head_dots);
}

/* A layer's rows, and the keys that its queries see: the last has queries of scored rows alone. */
struct layer_work {
    double rows, q_rows, keys;
};

/* What is before the first perturbed sum, all probes share: in the first layer that moves the base
 * products of q, k, v and V^T x of each V.  Without factors each D x is one more product, which
 * serves all its probes.  Probes of scope full perturb the embedding, and share nothing. */
static double shared_flops(const struct zg_model_shape *shape, const struct asked *asked,
                           const struct layer_work *work)
{
    const double equal = (double)(asked->n_probes - asked->n_full);
    const double equal_moved = equal - (double)asked->n_clean;
    const double first = fmin(equal, 1.0 + (asked->rank > 0 ? 0.0 : (double)asked->n_directions));
    const double first_v = fmin(equal_moved, (double)asked->n_v);
    const enum zg_tensor_kind shared[] = {ZG_T_Q_WEIGHT, ZG_T_K_WEIGHT, ZG_T_V_WEIGHT};
    double flops = 0.0;
    for (int i = 0; i < 3; i++) {
        const struct product p = product_of(shape, zg_tensor_layer(0, shared[i]), asked->rank);
        const double n_rows = shared[i] == ZG_T_Q_WEIGHT ? work->q_rows : work->rows;
        flops += ((equal - first) * p.base + (equal_moved - first_v) * p.down) * n_rows;
    }
    return flops;
}

/* Base products and attention of n probes, low rank of `moved` of them. */
static double layer_flops(const struct zg_model_shape *shape, int64_t rank, double n, double moved,
                          const struct layer_work *work)
{
    double flops = n * 4.0 * (double)shape->d_model * work->keys; /* q k^T, p v: 2 d a key each */
    for (int kind = 0; kind < ZG_N_TENSOR_KINDS; kind++) {
        const int32_t id = zg_tensor_layer(0, (enum zg_tensor_kind)kind);
        const struct zg_tensor *const tensor = zg_tensor_at(shape, id);
        if (!tensor || !tensor->is_linear)
            continue;
        const struct product p = product_of(shape, id, rank);
        const bool every_row = kind == ZG_T_K_WEIGHT || kind == ZG_T_V_WEIGHT;
        flops += (n * p.base + moved * (p.down + p.up)) * (every_row ? work->rows : work->q_rows);
    }
    return flops;
}

double zg_batch_plan_useful_flops(const struct zg_batch_plan *plan,
                                  const struct zg_model_shape *shape, const struct zg_probe *list,
                                  int64_t n_probes, const struct zg_direction *directions)
{
    const struct asked asked = asked_of(list, n_probes, directions);
    const double moved = (double)(n_probes - asked.n_clean); /* clean ones have no low rank */
    const double probes = (double)n_probes, d = (double)shape->d_model;
    const int64_t begin = asked.layers.begin, end = asked.layers.end;
    const struct layer_work inner = {(double)plan->trie.n_rows, (double)plan->trie.n_rows,
                                     zg_batch_plan_n_keys(plan, false)};
    const struct layer_work last = {(double)plan->trie.n_rows, (double)plan->n_scored,
                                    zg_batch_plan_n_keys(plan, true)};
    double flops = 0.0;
    for (int64_t l = 0; l < shape->n_layers; l++) {
        const struct layer_work *const work = l + 1 < shape->n_layers ? &inner : &last;
        const bool moves = l >= begin && (end == 0 || l < end);
        /* Below the layers that move, one probe stands for all. */
        flops +=
            layer_flops(shape, asked.rank, l < begin ? 1.0 : probes, moves ? moved : 0.0, work);
        if (l == begin)
            flops -= shared_flops(shape, &asked, work);
    }

    /* Head: whole rows of logits where the normaliser is needed, else the options' rows. */
    double head_dots = (double)plan->n_normalised * (double)shape->n_vocab;
    for (int64_t q = 0; q < plan->n_queries; q++)
        head_dots += plan->normalised_index[plan->queries[q].scored] < 0;
    return flops + probes * 2.0 * d * head_dots + table_flops(plan, shape, &asked, head_dots);
}

struct zg_useful {
    struct zg_batch_plan plan;
};

enum zg_status zg_useful_open(struct zg_useful **out, const struct zg_engine_limits *limits,
                              struct zg_error *err)
{
    static const struct zg_batch_plan_rules all = {
        .trie = true, .ragged = true, .scored = true, .cancel = true};
    *out = calloc(1, sizeof **out);
    if (!*out)
        return zg_fail(err, ZG_ENV, "no memory to count useful FLOPs");
    const enum zg_status status = zg_batch_plan_open(&(*out)->plan, limits, &all, err);
    if (status)
        zg_useful_close(out);
    return status;
}

void zg_useful_close(struct zg_useful **useful)
{
    if (!useful || !*useful)
        return;
    zg_batch_plan_close(&(*useful)->plan);
    free(*useful);
    *useful = NULL;
}

double zg_useful_count(struct zg_useful *useful, const struct zg_model_shape *shape,
                       const struct zg_batch *batch, const struct zg_probe *probes,
                       int64_t n_probes, const struct zg_direction *directions)
{
    zg_batch_plan_build(&useful->plan, batch, 0);
    return zg_batch_plan_useful_flops(&useful->plan, shape, probes, n_probes, directions);
}

double zg_useful_flops(const struct zg_model_shape *shape, const struct zg_batch *batch,
                       const struct zg_probe *probes, int64_t n_probes,
                       const struct zg_direction *directions)
{
    struct zg_engine_limits limits = {0};
    struct zg_useful *useful = NULL;
    zg_engine_limits_include(&limits, batch);
    if (zg_useful_open(&useful, &limits, NULL))
        return NAN;
    const double flops = zg_useful_count(useful, shape, batch, probes, n_probes, directions);
    zg_useful_close(&useful);
    return flops;
}
