/*
 * batch_set.c - running sums of the batches' work make the mean of any n consecutive ones; the set
 * whose logarithms are nearest to the mean of all is taken.
 */
#include "harness/bench/batch_set.h"

#include <math.h>
#include <stdlib.h>

#include "engines/algorithm/passes.h"
#include "engines/base/size.h"

struct work { /* of one batch, or sums */
    double padded_tokens, useful_flops;
};

static struct work work_of(const struct zg_bench *bench, const struct zg_question *question,
                           int64_t index)
{
    const struct zg_batch batch = zg_data_batch(&bench->data, (uint64_t)index);
    const int64_t max_rows = bench->data.max_rows;
    struct work work = {0};
    for (int64_t at = 0; at < batch.n_examples;) {
        const struct zg_batch pass = zg_pass_at(&batch, at, max_rows);
        struct zg_engine_limits limits = {0};
        zg_engine_limits_include(&limits, &pass);
        work.padded_tokens += (double)limits.max_padded_tokens;
        work.useful_flops +=
            zg_useful_flops(zg_model_shape(bench->data.model), &pass, question->probes,
                            question->n_probes, question->directions);
        at += pass.n_examples;
    }
    return work;
}

static double distance(struct work a, struct work b)
{
    return fabs(log(a.padded_tokens / b.padded_tokens)) +
           fabs(log(a.useful_flops / b.useful_flops));
}

enum zg_status zg_batch_set_choose(const struct zg_bench *bench, int64_t n_steps,
                                   struct zg_batch_set *out, struct zg_error *err)
{
    const int64_t n_all = bench->data.n_batches, n = zg_max64(1, zg_min64(n_steps, n_all));
    struct work *const sums = calloc((size_t)(n_all + 1), sizeof *sums); /* of all before */
    if (!sums)
        return zg_fail(err, ZG_ENV, "no memory to choose batches");
    struct zg_question question;
    zg_case_question(&bench->c, &question);
    for (int64_t i = 0; i < n_all; i++) {
        const struct work one = work_of(bench, &question, i);
        sums[i + 1] = (struct work){sums[i].padded_tokens + one.padded_tokens,
                                    sums[i].useful_flops + one.useful_flops};
    }
    const struct work all = {sums[n_all].padded_tokens / (double)n_all,
                             sums[n_all].useful_flops / (double)n_all};
    if (isnan(all.useful_flops)) { /* no memory to count one; another set would be another result */
        free(sums);
        return zg_fail(err, ZG_ENV, "no memory to choose batches");
    }
    *out = (struct zg_batch_set){
        .n = n, .padded_tokens_all = all.padded_tokens, .useful_flops_all = all.useful_flops};
    double nearest = INFINITY;
    for (int64_t first = 0; first + n <= n_all; first++) {
        const struct work *const a = &sums[first], *const b = &sums[first + n];
        const struct work mean = {(b->padded_tokens - a->padded_tokens) / (double)n,
                                  (b->useful_flops - a->useful_flops) / (double)n};
        const double d = distance(mean, all);
        if (first > 0 && !(d < nearest))
            continue;
        nearest = d;
        out->first = first;
        out->padded_tokens = mean.padded_tokens;
        out->useful_flops = mean.useful_flops;
    }
    free(sums);
    return ZG_OK;
}
