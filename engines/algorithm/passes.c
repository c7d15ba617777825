/* passes.c - a batch cut between examples, and the losses of its passes put together. */
#include "engines/algorithm/passes.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"

/* ---- cutting --------------------------------------------------------------------------------- */

/* Saturates: what is beyond any limit goes alone, and the engine's check names it. */
static int64_t example_rows(const struct zg_example *example)
{
    int64_t rows = 0, length;
    for (int64_t o = 0; o < example->n_options; o++)
        if (!zg_size_add(example->n_stem, example->options[o].n_tokens, &length) ||
            !zg_size_add(rows, length, &rows))
            return INT64_MAX;
    return rows;
}

struct zg_batch zg_pass_at(const struct zg_batch *batch, int64_t begin, int64_t max_rows)
{
    struct zg_batch pass = *batch;
    pass.examples = batch->examples + begin;
    pass.n_examples = batch->n_examples - begin;
    if (max_rows <= 0)
        return pass;
    int64_t n = 0, rows = 0;
    while (n < pass.n_examples && zg_size_add(rows, example_rows(&pass.examples[n]), &rows) &&
           rows <= max_rows)
        n++;
    pass.n_examples = zg_min64(pass.n_examples, zg_max64(1, n));
    return pass;
}

int64_t zg_passes_count(const struct zg_batch *batch, int64_t max_rows)
{
    int64_t n = 0;
    for (int64_t at = 0; at < batch->n_examples; n++)
        at += zg_pass_at(batch, at, max_rows).n_examples;
    return n;
}

void zg_passes_include(struct zg_engine_limits *limits, const struct zg_batch *batch,
                       int64_t max_rows)
{
    for (int64_t at = 0; at < batch->n_examples;) {
        const struct zg_batch pass = zg_pass_at(batch, at, max_rows);
        zg_engine_limits_include(limits, &pass);
        at += pass.n_examples;
    }
}

void zg_passes_cap(struct zg_engine_limits *limits, int64_t max_example_tokens, int64_t max_rows)
{
    const int64_t rows = zg_max64(max_rows, max_example_tokens);
    if (max_rows <= 0)
        return;
    limits->max_tokens = zg_min64(limits->max_tokens, rows);
    /* an option has a token, and two with the stem's */
    limits->max_option_tokens = zg_min64(limits->max_option_tokens, rows);
    limits->max_options = zg_min64(limits->max_options, zg_max64(1, rows / 2));
    limits->max_examples = zg_min64(limits->max_examples, limits->max_options);
    int64_t padded;
    if (zg_size_mul(limits->max_options, zg_round_up(limits->max_length, 8), &padded))
        limits->max_padded_tokens = zg_min64(limits->max_padded_tokens, padded);
}

/* ---- putting together ------------------------------------------------------------------------ */

static double weight_of(const struct zg_batch *pass)
{
    double n_tokens = 0;
    if (pass->loss == ZG_LOSS_CLASSIFICATION)
        return (double)pass->n_examples;
    for (int64_t e = 0; e < pass->n_examples; e++)
        n_tokens += (double)pass->examples[e].options[pass->examples[e].gold].n_tokens;
    return n_tokens;
}

/* loss += weight * pass loss; the last call divides by the sum of the weights. */
static void add_losses(double *loss, const double *of_pass, int64_t n_probes, double weight)
{
    for (int64_t p = 0; p < n_probes; p++)
        loss[p] += weight * of_pass[p];
}

static void divide(double *loss, int64_t n_probes, double weight)
{
    for (int64_t p = 0; p < n_probes; p++)
        loss[p] /= weight;
}

enum zg_status zg_passes_loss(const struct zg_engine *engine, struct zg_engine_state *state,
                              const struct zg_batch *batch, int64_t max_rows,
                              const struct zg_probe *probes, int64_t n_probes, double *loss,
                              struct zg_error *err)
{
    double of_pass[ZG_MAX_PROBES], weights = 0;
    struct zg_batch pass;
    if (max_rows <= 0 || zg_pass_at(batch, 0, max_rows).n_examples == batch->n_examples) {
        struct zg_scores scores = {.loss = loss}; /* as they are, to the last bit */
        return engine->score(state, batch, probes, n_probes, &scores, err);
    }
    memset(loss, 0, (size_t)n_probes * sizeof *loss);
    for (int64_t at = 0; at < batch->n_examples; at += pass.n_examples) {
        struct zg_scores scores = {.loss = of_pass};
        pass = zg_pass_at(batch, at, max_rows);
        const enum zg_status status = engine->score(state, &pass, probes, n_probes, &scores, err);
        if (status)
            return status;
        add_losses(loss, of_pass, n_probes, weight_of(&pass));
        weights += weight_of(&pass);
    }
    divide(loss, n_probes, weights);
    return ZG_OK;
}

/* ---- with all arrays ------------------------------------------------------------------------- */

static double *take(int64_t n_probes, int64_t n)
{
    int64_t n_doubles, n_bytes;
    if (!zg_size_mul(n_probes, zg_max64(1, n), &n_doubles) ||
        !zg_size_mul(n_doubles, (int64_t)sizeof(double), &n_bytes))
        return NULL;
    return malloc((size_t)zg_max64(1, n_bytes));
}

enum zg_status zg_passes_open(struct zg_passes *out, const struct zg_engine_limits *limits,
                              struct zg_error *err)
{
    *out = (struct zg_passes){.loss = take(limits->max_probes, 1),
                              .example_loss = take(limits->max_probes, limits->max_examples),
                              .option_score = take(limits->max_probes, limits->max_options),
                              .max_probes = limits->max_probes,
                              .max_examples = limits->max_examples,
                              .max_options = limits->max_options};
    if (out->loss && out->example_loss && out->option_score)
        return ZG_OK;
    zg_passes_close(out);
    return zg_fail(err, ZG_ENV, "no memory for the scores of a pass");
}

void zg_passes_close(struct zg_passes *passes)
{
    free(passes->loss);
    free(passes->example_loss);
    free(passes->option_score);
    *passes = (struct zg_passes){0};
}

static int64_t count_options(const struct zg_batch *batch)
{
    int64_t n = 0;
    for (int64_t e = 0; e < batch->n_examples; e++)
        n += batch->examples[e].n_options;
    return n;
}

/* Rows [n_probes] of n items from the pass's array to where they stand in the batch's. */
static void spread(double *to, int64_t stride, int64_t at, const double *from, int64_t n,
                   int64_t n_probes)
{
    for (int64_t p = 0; to && p < n_probes; p++)
        memcpy(to + p * stride + at, from + p * n, (size_t)n * sizeof *to);
}

static enum zg_status check_room(const struct zg_passes *room, int64_t n_probes,
                                 const struct zg_batch *pass, int64_t n_options,
                                 struct zg_error *err)
{
    if (n_probes <= room->max_probes && pass->n_examples <= room->max_examples &&
        n_options <= room->max_options)
        return ZG_OK;
    return zg_fail(err, ZG_USAGE,
                   "a pass of %lld probes, %lld examples and %lld options; there is room for %lld, "
                   "%lld and %lld",
                   (long long)n_probes, (long long)pass->n_examples, (long long)n_options,
                   (long long)room->max_probes, (long long)room->max_examples,
                   (long long)room->max_options);
}

enum zg_status zg_passes_score(struct zg_passes *passes, const struct zg_engine *engine,
                               struct zg_engine_state *state, const struct zg_batch *batch,
                               int64_t max_rows, const struct zg_probe *probes, int64_t n_probes,
                               struct zg_scores *out, struct zg_error *err)
{
    struct zg_batch pass = zg_pass_at(batch, 0, max_rows);
    if (pass.n_examples == batch->n_examples)
        return engine->score(state, batch, probes, n_probes, out, err);
    const int64_t n_all_options = count_options(batch);
    int64_t option = 0;
    double weights = 0;
    memset(out->loss, 0, (size_t)n_probes * sizeof *out->loss);
    for (int64_t at = 0; at < batch->n_examples; at += pass.n_examples) {
        pass = zg_pass_at(batch, at, max_rows);
        const int64_t n_options = count_options(&pass);
        struct zg_scores scores = {.loss = passes->loss,
                                   .example_loss = out->example_loss ? passes->example_loss : NULL,
                                   .option_score = out->option_score ? passes->option_score : NULL};
        enum zg_status status = check_room(passes, n_probes, &pass, n_options, err);
        if (!status)
            status = engine->score(state, &pass, probes, n_probes, &scores, err);
        if (status)
            return status;
        add_losses(out->loss, passes->loss, n_probes, weight_of(&pass));
        weights += weight_of(&pass);
        spread(out->example_loss, batch->n_examples, at, passes->example_loss, pass.n_examples,
               n_probes);
        spread(out->option_score, n_all_options, option, passes->option_score, n_options, n_probes);
        option += n_options;
    }
    divide(out->loss, n_probes, weights);
    return ZG_OK;
}
