/*
 * loss.c - the head: logits of the queries, and log-sum-exps over the vocabulary where a normaliser
 * is needed.
 *
 * The vocabulary streams through in slices, so nothing of size rows x vocabulary exists.
 */
#include "engines/runtime/loss.h"

#include <math.h>
#include <string.h>

#include "engines/base/size.h"
#include "engines/runtime/logits.h"

static void query_logits(struct zg_engine_state *s, const struct zg_pass *pass)
{
    const struct zg_batch_plan *plan = &s->plan;
    const int64_t d = s->shape.d_model, n_queries = plan->n_queries, n = pass->n_probes * n_queries;
    const float *head = zg_head_table(&s->weights)->data;
    const bool moved = zg_logits_are_moved(s, pass);
    zg_phase_start(s, ZG_PHASE_HEAD);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n; i++) {
        const struct zg_query q = plan->queries[i % n_queries];
        const int64_t row = i / n_queries * plan->n_scored + q.scored;
        s->kernels->dots(s->act.h.data + row * s->act.h.ld, d, head + q.token * d, d, 1,
                         &s->act.logit[i]);
        if (moved)
            s->act.logit[i] += zg_logits_share(s, pass, i / n_queries, q.scored, q.token);
    }
    zg_cost_add(&s->meter, 2.0 * (double)(n * d), 8.0 * (double)(n * d));
    if (moved)
        zg_logits_cost(s, pass, n);
}

/* The rows that need a normaliser side by side: s->act.h itself where all do. */
static struct zg_matrix normalised_rows(struct zg_engine_state *s, const struct zg_pass *pass)
{
    const struct zg_batch_plan *plan = &s->plan;
    if (plan->n_normalised == plan->n_scored)
        return s->act.h;
    const struct zg_matrix to = {s->act.wide.data, s->act.x.ld};
    for (int64_t p = 0; p < pass->n_probes; p++)
        for (int64_t i = 0; i < plan->n_normalised; i++)
            memcpy(to.data + (p * plan->n_normalised + i) * to.ld,
                   s->act.h.data + (p * plan->n_scored + plan->normalised[i]) * s->act.h.ld,
                   (size_t)s->shape.d_model * sizeof(float));
    return to;
}

/* A normalised row's share of a slice, before its log-sum-exp. */
static void move_slice(struct zg_engine_state *s, const struct zg_pass *pass, int64_t i, int64_t n)
{
    const int64_t n_normalised = s->plan.n_normalised;
    zg_logits_add_slice(s, pass, i / n_normalised, s->plan.normalised[i % n_normalised], n,
                        zg_row(s->act.slice, i));
}

/* The largest logit after each stem, from those of a slice of the vocabulary; NaN is larger than
 * nothing. */
static void pick_next(struct zg_engine_state *s, const struct zg_pass *pass, int64_t n_examples,
                      int64_t begin, int64_t n)
{
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < pass->n_probes * n_examples; i++) {
        const int64_t row =
            i / n_examples * s->plan.n_normalised + s->plan.stem_end[i % n_examples];
        const float *logit = zg_row(s->act.slice, row);
        float best = begin > 0 ? s->act.next_logit[i] : -INFINITY;
        int64_t token = begin > 0 ? s->act.next_token[i] : 0;
        for (int64_t o = 0; o < n; o++)
            if (logit[o] > best) {
                best = logit[o];
                token = begin + o;
            }
        s->act.next_logit[i] = best;
        s->act.next_token[i] = (int32_t)token;
    }
}

void zg_head_run(struct zg_engine_state *s, const struct zg_pass *pass, int64_t n_examples)
{
    const int64_t d = s->shape.d_model, n_vocab = s->shape.n_vocab;
    const int64_t n_rows = pass->n_probes * s->plan.n_normalised;
    const float *head = zg_head_table(&s->weights)->data;
    const bool moved = zg_logits_are_moved(s, pass);
    if (moved)
        zg_logits_project(s, pass);
    query_logits(s, pass);
    if (n_rows == 0)
        return;
    const struct zg_matrix x = normalised_rows(s, pass);
    for (int64_t i = 0; i < n_rows; i++) {
        s->act.max[i] = -INFINITY;
        s->act.sum[i] = 0.0;
    }
    for (int64_t begin = 0; begin < n_vocab; begin += s->act.slice.ld) {
        const int64_t n = zg_min64(s->act.slice.ld, n_vocab - begin);
        zg_phase_start(s, ZG_PHASE_HEAD);
        s->provider->gemm_rowmajor(s->provider_state, head + begin * d, d, n, d, x.data, x.ld,
                                   n_rows, s->act.slice.data, s->act.slice.ld);
        zg_cost_gemm(&s->meter, n_rows, n, d);
        if (moved) {
            zg_logits_slice(s, pass, begin, n);
            zg_logits_cost(s, pass, n_rows * n);
        }
        zg_phase_start(s, ZG_PHASE_LOSS);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
        for (int64_t i = 0; i < n_rows; i++) {
            if (moved)
                move_slice(s, pass, i, n);
            s->kernels->logsumexp(s->act.slice.data + i * s->act.slice.ld, n, &s->act.max[i],
                                  &s->act.sum[i]);
        }
        zg_cost_add(&s->meter, 0.0, 4.0 * (double)(n_rows * n));
        if (s->plan.rules.next)
            pick_next(s, pass, n_examples, begin, n);
    }
    for (int64_t i = 0; i < n_rows; i++)
        s->act.sum[i] = (double)s->act.max[i] + log(s->act.sum[i]);
}
