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
#include "engines/layout/plan.h"

double zg_plan_n_keys(const struct zg_plan *plan, bool scored)
{
    double n = 0.0;
    const int64_t n_rows = scored ? plan->n_scored : plan->trie.n_rows;
    for (int64_t i = 0; i < n_rows; i++)
        n += (double)(zg_trie_depth(&plan->trie, scored ? plan->scored_row[i] : i) + 1);
    return n;
}

double zg_plan_useful_flops(const struct zg_plan *plan, const struct zg_model_shape *shape,
                            int64_t n_probes, int64_t n_directions, int64_t rank)
{
    const double d = (double)shape->d_model, f = (double)shape->d_ffn, r = (double)rank;
    const double probes = (double)n_probes, layers = (double)shape->n_layers;
    const double rows = (double)plan->trie.n_rows, scored = (double)plan->n_scored;

    /* A row through one matrix [d][d], and through the MLP: base product; low-rank terms. */
    const double square = 2.0 * d * d, mlp = 2.0 * 2.0 * d * f;
    const double square_rank = 2.0 * r * (d + d), mlp_rank = 2.0 * 2.0 * r * (d + f);

    /* Keys and values are needed for every row; queries, output and MLP of the last layer for
     * scored rows. */
    const double kv = layers * rows;
    const double rest = (layers - 1.0) * rows + scored;
    double flops = probes * (2.0 * (square + square_rank) * kv);
    flops += probes * ((2.0 * (square + square_rank) + mlp + mlp_rank) * rest);

    /* q k^T and p v: 2 d multiply-adds per key. */
    const double keys = (layers - 1.0) * zg_plan_n_keys(plan, false) + zg_plan_n_keys(plan, true);
    flops += probes * 4.0 * d * keys;

    /* Before the first perturbed sum all probes are equal: the first layer's q, k, v base products
     * and V^T x.  Without factors each D x is one more product, which serves all its probes. */
    const double first_q_rows = shape->n_layers > 1 ? rows : scored;
    const double first = rank > 0 ? 1.0 : fmin(probes, 1.0 + (double)n_directions);
    flops -= (probes - first) * (square + 2.0 * r * d) * (2.0 * rows + first_q_rows);

    /* Head: whole rows of logits where the normaliser is needed, else the options' rows. */
    double head_dots = (double)plan->n_normalised * (double)shape->n_vocab;
    for (int64_t q = 0; q < plan->n_queries; q++)
        head_dots += plan->normalised_index[plan->queries[q].scored] < 0;
    return flops + probes * 2.0 * d * head_dots;
}

struct zg_useful {
    struct zg_plan plan;
};

enum zg_status zg_useful_open(struct zg_useful **out, const struct zg_engine_limits *limits,
                              struct zg_error *err)
{
    static const struct zg_plan_rules all = {
        .trie = true, .ragged = true, .scored = true, .cancel = true};
    *out = calloc(1, sizeof **out);
    if (!*out)
        return zg_fail(err, ZG_ENV, "no memory to count useful FLOPs");
    const enum zg_status status = zg_plan_open(&(*out)->plan, limits, &all, err);
    if (status)
        zg_useful_close(out);
    return status;
}

void zg_useful_close(struct zg_useful **useful)
{
    if (!useful || !*useful)
        return;
    zg_plan_close(&(*useful)->plan);
    free(*useful);
    *useful = NULL;
}

double zg_useful_count(struct zg_useful *useful, const struct zg_model_shape *shape,
                       const struct zg_batch *batch, int64_t n_probes, int64_t n_directions,
                       int64_t rank)
{
    zg_plan_build(&useful->plan, batch, false);
    return zg_plan_useful_flops(&useful->plan, shape, n_probes, n_directions, rank);
}

double zg_useful_flops(const struct zg_model_shape *shape, const struct zg_batch *batch,
                       int64_t n_probes, int64_t n_directions, int64_t rank)
{
    struct zg_engine_limits limits = {0};
    struct zg_useful *useful = NULL;
    zg_engine_limits_include(&limits, batch);
    if (zg_useful_open(&useful, &limits, NULL))
        return NAN;
    const double flops = zg_useful_count(useful, shape, batch, n_probes, n_directions, rank);
    zg_useful_close(&useful);
    return flops;
}
