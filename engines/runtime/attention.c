/*
 * attention.c - attention of a plan's segments: a task is one head of one block of queries of one
 * probe, or of both signs of a pair.
 *
 * A task gathers the keys and values of its segment and of its ancestors, which lie in runs of
 * rows, into the thread's scratch (keys transposed), then calls the kernel.  Position in the
 * sequence is the index of a key, so a query at depth i sees keys 0 .. i.
 *
 * Softmax takes neither mean nor half difference.  So a pair's task forms each sign's queries, keys
 * and values on the way into the scratch, and takes the two results apart again on the way out.
 */
#include "engines/runtime/attention.h"

#include <math.h>

#include "engines/base/size.h"

/* A thread's scratch. */
struct scratch {
    float *kt, *v, *p; /* as the kernel wants them */
    float *q, *out[2]; /* [ZG_ATTENTION_BLOCK][ldv] a pair's queries and results */
    int64_t ldk, ldv;
};

int64_t zg_attention_scratch(const struct zg_engine_state *s)
{
    const int64_t head_dim = s->shape.d_model / s->shape.n_heads;
    const int64_t ldv = zg_round_up(head_dim, ZG_KERNEL_PAD);
    const int64_t pair = zg_has(s, ZG_M_CENTRED) ? 3 * ZG_ATTENTION_BLOCK * ldv : 0;
    return s->scratch.max_keys * (head_dim + ldv + ZG_ATTENTION_QUERIES) + pair;
}

static struct scratch scratch_parts(const struct zg_engine_state *s)
{
    const int64_t head_dim = s->shape.d_model / s->shape.n_heads;
    struct scratch x = {.ldk = s->scratch.max_keys, .ldv = zg_round_up(head_dim, ZG_KERNEL_PAD)};
    x.kt = zg_scratch_own(&s->scratch);
    x.v = x.kt + head_dim * x.ldk;
    x.p = x.v + x.ldk * x.ldv;
    x.q = x.p + ZG_ATTENTION_QUERIES * x.ldk;
    x.out[0] = x.q + ZG_ATTENTION_BLOCK * x.ldv;
    x.out[1] = x.out[0] + ZG_ATTENTION_BLOCK * x.ldv;
    return x;
}

/* One head's columns of a matrix in one slot, and, of a pair, its half difference `apart` floats
 * on; sign 0: plain rows. */
struct head_rows {
    struct zg_matrix rows;
    int64_t apart;
    int64_t n, ahead; /* columns, and those of the next head */
    float sign;
};

static struct zg_signed_rows signed_rows(const struct head_rows *x, int64_t first, int64_t n_rows)
{
    const float *m = zg_row(x->rows, first);
    return (struct zg_signed_rows){
        m, x->sign != 0.0f ? m + x->apart : NULL, x->rows.ld, x->sign, n_rows, x->n, x->ahead};
}

/* Keys and values of depths 0 .. n_keys - 1 above and in `segment`. */
static void gather(const struct zg_engine_state *s, int64_t segment, int64_t n_keys,
                   const struct head_rows *k, const struct head_rows *v, const struct scratch *to)
{
    for (int64_t end = n_keys; end > 0;) {
        const struct zg_segment *run = &s->plan.trie.segments[segment];
        const int64_t n = end - run->depth;
        const struct zg_signed_rows keys = signed_rows(k, run->row_begin, n);
        const struct zg_signed_rows values = signed_rows(v, run->row_begin, n);
        s->kernels->transpose(&keys, to->kt + run->depth, to->ldk);
        s->kernels->combine(&values, to->v + run->depth * to->ldv, to->ldv);
        end = run->depth;
        segment = run->parent;
    }
}

/* Keys that each query of a block sees; returns the most. */
static int32_t count_keys(const struct zg_batch_plan *plan, const struct zg_attention_block *block,
                          bool scored, int32_t *n_keys)
{
    int32_t most = 0;
    for (int32_t i = block->begin; i < block->end; i++) {
        const int64_t row = scored ? plan->scored_row[i] : i;
        n_keys[i - block->begin] = (int32_t)zg_trie_depth(&plan->trie, row) + 1;
        most = n_keys[i - block->begin] > most ? n_keys[i - block->begin] : most;
    }
    return most;
}

/* `slot` is the probe's, or that of the pair's mean, whose half difference is n_pairs slots on;
 * n_pairs 0: plain. */
static void run_task(const struct zg_engine_state *s, const struct zg_attention *a, int64_t n_pairs,
                     int64_t slot, const struct zg_attention_block *block, int64_t head)
{
    const struct scratch scratch = scratch_parts(s);
    const int64_t head_dim = s->shape.d_model / s->shape.n_heads, column = head * head_dim;
    const int64_t n_rows = s->plan.trie.n_rows, n_out = a->scored ? s->plan.n_scored : n_rows;
    const int64_t n_queries = block->end - block->begin;
    int32_t n_keys[ZG_ATTENTION_BLOCK];
    const int32_t most = count_keys(&s->plan, block, a->scored, n_keys);

    const int64_t key_row = slot * n_rows, apart = n_pairs * n_rows;
    const int64_t row = slot * n_out + block->begin, apart_out = n_pairs * n_out;
    const int64_t ahead = head + 1 < s->shape.n_heads ? head_dim : 0;
    struct head_rows q = {
        {zg_row(a->q, row) + column, a->q.ld}, apart_out * a->q.ld, head_dim, ahead, 0};
    struct head_rows k = {
        {zg_row(a->k, key_row) + column, a->k.ld}, apart * a->k.ld, head_dim, ahead, 0};
    struct head_rows v = {
        {zg_row(a->v, key_row) + column, a->v.ld}, apart * a->v.ld, head_dim, ahead, 0};
    struct zg_attention_task task = {
        .q = q.rows.data,
        .ldq = a->q.ld,
        .n_queries = n_queries,
        .n_keys = n_keys,
        .scale = 1.0f / sqrtf((float)head_dim),
        .head_dim = head_dim,
        .kt = scratch.kt,
        .ldk = scratch.ldk,
        .v = scratch.v,
        .ldv = scratch.ldv,
        .p = scratch.p,
        .out = zg_row(a->out, row) + column,
        .ldo = a->out.ld,
    };
    if (n_pairs == 0) {
        gather(s, block->segment, most, &k, &v, &scratch);
        s->kernels->attention(&task);
        return;
    }
    const struct zg_centred_rows out = {task.out, task.out + apart_out * a->out.ld, a->out.ld,
                                        n_queries, head_dim};
    task.q = scratch.q;
    task.ldq = task.ldo = scratch.ldv;
    for (int side = 0; side < 2; side++) {
        q.sign = k.sign = v.sign = side == 0 ? 1.0f : -1.0f;
        const struct zg_signed_rows queries = signed_rows(&q, 0, n_queries);
        gather(s, block->segment, most, &k, &v, &scratch);
        s->kernels->combine(&queries, scratch.q, scratch.ldv);
        task.out = scratch.out[side];
        s->kernels->attention(&task);
    }
    s->kernels->recentre(&out, scratch.out[0], scratch.out[1], scratch.ldv);
}

void zg_attention_run(struct zg_engine_state *s, const struct zg_pass *pass,
                      const struct zg_attention *a)
{
    const int64_t n_blocks = a->scored ? s->plan.n_scored_blocks : s->plan.n_blocks;
    const struct zg_attention_block *blocks = a->scored ? s->plan.scored_blocks : s->plan.blocks;
    const int64_t n_pairs = zg_pass_is_centred(pass) ? pass->n_probes / 2 : 0;
    const int64_t n_slots = n_pairs > 0 ? n_pairs : pass->n_probes;
    const int64_t n_heads = s->shape.n_heads, n_tasks = n_slots * n_blocks * n_heads;
    zg_phase_start(s, ZG_PHASE_ATTENTION);
    /* Dynamic, because segments differ in length; each task writes its own rows and columns, so who
     * runs it does not show in the result.  The heads of a block share its rows, so a thread takes
     * several, as long as eight chunks a thread are left to even out the lengths. */
    const int64_t chunk = zg_max64(1, zg_min64(n_heads, n_tasks / (8 * s->options.n_threads)));
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(dynamic, chunk)
    for (int64_t i = 0; i < n_tasks; i++)
        run_task(s, a, n_pairs, i / n_heads / n_blocks, &blocks[i / n_heads % n_blocks],
                 i % n_heads);
    const double d = (double)s->shape.d_model, probes = (double)pass->n_probes;
    const double n_rows = (double)s->plan.trie.n_rows;
    zg_cost_add(&s->meter, probes * 4.0 * d * zg_batch_plan_n_keys(&s->plan, a->scored),
                probes * 16.0 * d * n_rows);
}
