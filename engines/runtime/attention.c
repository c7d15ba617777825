/*
 * attention.c - attention of a plan's segments: a task is one head of one block of queries of one
 * probe.
 *
 * A task gathers the keys and values of its segment and of its ancestors, which lie in runs of
 * rows, into the thread's scratch (keys transposed), then calls the kernel.  Position in the
 * sequence is the index of a key, so a query at depth i sees keys 0 .. i.
 */
#include <math.h>
#include <string.h>

#include "engines/base/size.h"
#include "engines/runtime/state.h"

/* Keys and values of depths 0 .. n_keys - 1 above and in `segment`; k and v start at the head's
 * first column. */
static void gather(const struct zg_engine_state *s, int64_t segment, int64_t n_keys,
                   struct zg_rows k, struct zg_rows v, float *kt, float *values, int64_t ldv)
{
    const int64_t head_dim = s->shape.d_model / s->shape.n_heads, ldk = s->max_keys;
    for (int64_t end = n_keys; end > 0;) {
        const struct zg_segment *run = &s->plan.trie.segments[segment];
        for (int64_t depth = run->depth; depth < end; depth++) {
            const int64_t row = run->row_begin + depth - run->depth;
            const float *key = k.data + row * k.ld;
            for (int64_t c = 0; c < head_dim; c++)
                kt[c * ldk + depth] = key[c];
            memcpy(values + depth * ldv, v.data + row * v.ld, (size_t)head_dim * sizeof(float));
        }
        end = run->depth;
        segment = run->parent;
    }
}

static void run_task(const struct zg_engine_state *s, const struct zg_attention *a, int64_t probe,
                     const struct zg_attention_block *block, int64_t head, float *scratch)
{
    const struct zg_plan *plan = &s->plan;
    const int64_t head_dim = s->shape.d_model / s->shape.n_heads;
    const int64_t ldk = s->max_keys, ldv = zg_round_up(head_dim, ZG_KERNEL_PAD);
    const int64_t n_rows = plan->trie.n_rows, n_out_rows = a->scored ? plan->n_scored : n_rows;
    float *const kt = scratch, *const values = kt + head_dim * ldk, *const p = values + ldk * ldv;

    int32_t n_keys[ZG_ATTENTION_BLOCK], most = 0;
    for (int32_t i = block->begin; i < block->end; i++) {
        const int64_t row = a->scored ? plan->scored_row[i] : i;
        n_keys[i - block->begin] = (int32_t)zg_trie_depth(&plan->trie, row) + 1;
        most = n_keys[i - block->begin] > most ? n_keys[i - block->begin] : most;
    }
    const int64_t column = head * head_dim;
    gather(s, block->segment, most,
           (struct zg_rows){a->k.data + probe * n_rows * a->k.ld + column, a->k.ld},
           (struct zg_rows){a->v.data + probe * n_rows * a->v.ld + column, a->v.ld}, kt, values,
           ldv);
    const int64_t first = probe * n_out_rows + block->begin;
    const struct zg_attention_task task = {
        .q = a->q.data + first * a->q.ld + column,
        .ldq = a->q.ld,
        .n_queries = block->end - block->begin,
        .n_keys = n_keys,
        .scale = 1.0f / sqrtf((float)head_dim),
        .head_dim = head_dim,
        .kt = kt,
        .ldk = ldk,
        .v = values,
        .ldv = ldv,
        .p = p,
        .out = a->out.data + first * a->out.ld + column,
        .ldo = a->out.ld,
    };
    s->kernels->attention(&task);
}

void zg_attention_run(struct zg_engine_state *s, const struct zg_pass *pass,
                      const struct zg_attention *a)
{
    const int64_t n_blocks = a->scored ? s->plan.n_scored_blocks : s->plan.n_blocks;
    const struct zg_attention_block *blocks = a->scored ? s->plan.scored_blocks : s->plan.blocks;
    const int64_t n_heads = s->shape.n_heads, n_tasks = pass->n_probes * n_blocks * n_heads;
    zg_phase_start(s, ZG_PHASE_ATTENTION);
    /* Dynamic, because segments differ in length; each task writes its own rows and columns, so who
     * runs it does not show in the result.  The heads of a block share its rows, so a thread takes
     * several, as long as eight chunks a thread are left to even out the lengths. */
    const int64_t chunk = zg_max64(1, zg_min64(n_heads, n_tasks / (8 * s->options.n_threads)));
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(dynamic, chunk)
    for (int64_t i = 0; i < n_tasks; i++) {
        const int64_t head = i % n_heads, block = i / n_heads % n_blocks,
                      probe = i / n_heads / n_blocks;
        run_task(s, a, probe, &blocks[block], head, zg_own_scratch(s));
    }
    const double d = (double)s->shape.d_model, probes = (double)pass->n_probes;
    const double n_rows = (double)s->plan.trie.n_rows;
    zg_cost_add(s, probes * 4.0 * d * zg_plan_n_keys(&s->plan, a->scored),
                probes * 16.0 * d * n_rows);
}
