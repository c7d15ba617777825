/*
 * score.c - from probes to passes to losses: all probes in one pass, or one pass each.
 */
#include "engines/runtime/score.h"

#include <string.h>

#include "engines/runtime/adapter.h"
#include "engines/runtime/forward.h"
#include "engines/runtime/loss.h"

/* Expanding the common part costs rank * probes multiply-adds an output in a plain loop, running it
 * for all probes d_model * (probes - 1) in the GEMM, which is about four times as fast: above that
 * the mechanism would lose. */
static bool common_pays(const struct zg_engine_state *s, int64_t n_probes)
{
    return zg_has(s, ZG_M_COMMON) &&
           4 * s->lowrank.rank * n_probes <= s->shape.d_model * (n_probes - 1);
}

/* Is one of the probes along a direction of scope full?  The embedding is perturbed then, which is
 * the first sum: there is nothing before it that all probes share.  Where weights are written for a
 * probe, they hold all of it. */
static bool is_moved(const struct zg_engine_state *s, const struct zg_probe *probes, int64_t n)
{
    bool moved = false;
    for (int64_t p = 0; p < n && zg_has(s, ZG_M_ADAPTER); p++)
        moved |= s->lowrank.directions[probes[p].direction].scope == ZG_SCOPE_FULL;
    return moved;
}

/* Mechanism `centred`: s->paired[2 i] and [2 i + 1] become the numbers of two probes of one
 * direction and opposite coefficients.  False where one has no such partner (a clean probe, a
 * one-sided set): then the pass stays plain. */
static bool find_pairs(struct zg_engine_state *s, const struct zg_probe *probes, int64_t n)
{
    if (n % 2 != 0)
        return false;
    int64_t *order = s->paired;
    for (int64_t p = 0; p < n; p++)
        order[p] = p;
    for (int64_t p = 0; p < n; p += 2) { /* quadratic in the probes, which are few */
        const struct zg_probe *first = &probes[order[p]];
        int64_t q = p + 1;
        while (q < n && !(probes[order[q]].direction == first->direction &&
                          probes[order[q]].coefficient == -first->coefficient))
            q++;
        if (q == n)
            return false;
        const int64_t partner = order[q];
        order[q] = order[p + 1];
        order[p + 1] = partner;
    }
    return true;
}

/* Probe of the caller's that a slot stands for. */
static int64_t slot_probe(const struct zg_engine_state *s, const struct zg_pass *pass, int64_t slot)
{
    const int64_t n_pairs = pass->n_probes / 2;
    if (!pass->centred)
        return slot;
    return s->paired[slot < n_pairs ? 2 * slot : 2 * (slot - n_pairs) + 1];
}

/* first: the caller's number of the pass's first probe. */
static void losses(struct zg_engine_state *s, const struct zg_batch *batch,
                   const struct zg_pass *pass, int64_t first, struct zg_scores *out)
{
    zg_phase_start(s, ZG_PHASE_LOSS);
    const int64_t n_examples = batch->n_examples;
    for (int64_t i = 0; i < pass->n_probes; i++) {
        const int64_t p = first + slot_probe(s, pass, i);
        if (out->next_token)
            memcpy(out->next_token + p * n_examples, s->act.next_token + i * n_examples,
                   (size_t)n_examples * sizeof *out->next_token);
        out->loss[p] = zg_batch_plan_loss(
            &s->plan, batch, s->act.logit + i * s->plan.n_queries,
            s->act.sum + i * s->plan.n_normalised,
            out->example_loss ? out->example_loss + p * n_examples : NULL,
            out->option_score ? out->option_score + p * s->plan.n_options : NULL);
    }
}

static void run_pass(struct zg_engine_state *s, const struct zg_batch *batch,
                     const struct zg_probe *probes, int64_t first, int64_t n, struct zg_scores *out)
{
    const bool moved = is_moved(s, probes + first, n);
    struct zg_pass pass = {.probes = probes + first,
                           .n_probes = n,
                           .common = !moved && common_pays(s, n),
                           .moved = moved};
    if (zg_has(s, ZG_M_CENTRED) && find_pairs(s, pass.probes, n)) {
        pass.centred = true;
        for (int64_t slot = 0; slot < n; slot++)
            s->slot_probes[slot] = pass.probes[slot_probe(s, &pass, slot)];
        pass.probes = s->slot_probes;
    }
    zg_forward_run(s, &pass);
    zg_head_run(s, &pass, batch->n_examples);
    losses(s, batch, &pass, first, out);
}

/* Useful FLOPs and rows of the batch just planned. */
static void count_useful(struct zg_engine_state *s, const struct zg_batch *batch,
                         const struct zg_probe *probes, int64_t n_probes)
{
    /* Option scores and next tokens are no part of the step's minimum: a plan that serves them
     * counts too much. */
    const bool apart = s->useful_apart || s->plan.rules.options || s->plan.rules.next;
    const struct zg_direction *const directions = s->lowrank.directions;
    s->meter.cost.useful_flops +=
        apart ? zg_useful_count(s->useful, &s->shape, batch, probes, n_probes, directions)
              : zg_batch_plan_useful_flops(&s->plan, &s->shape, probes, n_probes, directions);
    s->meter.cost.n_rows = s->plan.trie.n_rows * (zg_has(s, ZG_M_PAIRED) ? n_probes : 1);
}

void zg_score_run(struct zg_engine_state *s, const struct zg_batch *batch,
                  const struct zg_probe *probes, int64_t n_probes, struct zg_scores *out)
{
    zg_batch_plan_build(&s->plan, batch,
                        (out->option_score ? ZG_PLAN_OPTIONS : 0u) |
                            (out->next_token ? ZG_PLAN_NEXT : 0u));
    count_useful(s, batch, probes, n_probes);

    if (zg_has(s, ZG_M_ADAPTER))
        zg_adapter_sync(s);
    if (zg_has(s, ZG_M_PAIRED)) {
        run_pass(s, batch, probes, 0, n_probes, out);
    } else {
        for (int64_t p = 0; p < n_probes; p++) {
            if (!zg_has(s, ZG_M_ADAPTER))
                zg_adapter_write(s, probes[p].direction, probes[p].coefficient);
            run_pass(s, batch, probes, p, 1, out);
        }
        if (!zg_has(s, ZG_M_ADAPTER))
            zg_adapter_write(s, s->lowrank.written_direction, 0.0f);
    }
    zg_phase_start(s, ZG_PHASE_OTHER);
}

void zg_score_retrace(struct zg_engine_state *s, const struct zg_probe *probes, int64_t n_probes)
{
    for (int64_t p = 0; p < n_probes; p++)
        zg_adapter_write(s, probes[p].direction, probes[p].coefficient);
    zg_adapter_write(s, s->lowrank.written_direction, 0.0f);
    zg_phase_start(s, ZG_PHASE_OTHER);
}
