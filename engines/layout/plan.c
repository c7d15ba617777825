/*
 * plan.c - lays a batch out as rows, queries and attention blocks (plan.h).  What it costs is in
 * useful.c, what the scores are worth in plan_loss.c.
 */
#include "engines/layout/plan.h"

#include <string.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"

int64_t zg_batch_plan_max_rows(const struct zg_engine_limits *limits,
                               const struct zg_batch_plan_rules *rules)
{
    return rules->ragged ? limits->max_tokens : limits->max_padded_tokens;
}

int64_t zg_batch_plan_max_scored(const struct zg_engine_limits *limits,
                                 const struct zg_batch_plan_rules *rules)
{
    return rules->scored ? limits->max_option_tokens : zg_batch_plan_max_rows(limits, rules);
}

static void *buffer(int64_t n, size_t size, enum zg_status *status, struct zg_error *err)
{
    void *memory = NULL;
    if (!*status)
        *status = zg_buffer_alloc(&memory, n, (int64_t)size, "batch plan", err);
    return memory;
}

enum zg_status zg_batch_plan_open(struct zg_batch_plan *plan, const struct zg_engine_limits *limits,
                                  const struct zg_batch_plan_rules *rules, struct zg_error *err)
{
    *plan = (struct zg_batch_plan){.rules = *rules};
    const int64_t rows = zg_batch_plan_max_rows(limits, rules);
    const int64_t scored = zg_batch_plan_max_scored(limits, rules);
    const int64_t largest =
        zg_max64(zg_max64(rows, scored), zg_max64(limits->max_options, limits->max_examples));
    if (largest > INT32_MAX) /* rows are numbered by int32_t */
        return zg_fail(err, ZG_USAGE, "limits of %lld rows or options, at most %d fit",
                       (long long)largest, INT32_MAX);
    const int64_t segments = limits->max_options + limits->max_examples;
    /* A segment of n rows makes ceil(n / block) blocks, fewer than n / block + 1. */
    const int64_t blocks = segments + rows / ZG_ATTENTION_BLOCK;
    const int64_t scored_blocks = segments + scored / ZG_ATTENTION_BLOCK;

    enum zg_status status = zg_trie_open(&plan->trie, rows, segments, err);
    plan->scored_row = buffer(scored, sizeof *plan->scored_row, &status, err);
    plan->normalised = buffer(scored, sizeof *plan->normalised, &status, err);
    plan->normalised_index = buffer(scored, sizeof *plan->normalised_index, &status, err);
    plan->queries = buffer(limits->max_option_tokens, sizeof *plan->queries, &status, err);
    plan->option_begin = buffer(limits->max_options + 1, sizeof *plan->option_begin, &status, err);
    plan->option_query =
        buffer(limits->max_option_tokens, sizeof *plan->option_query, &status, err);
    plan->example_cancels =
        buffer(limits->max_examples, sizeof *plan->example_cancels, &status, err);
    plan->stem_end = buffer(limits->max_examples, sizeof *plan->stem_end, &status, err);
    plan->blocks = buffer(blocks, sizeof *plan->blocks, &status, err);
    plan->scored_blocks = buffer(scored_blocks, sizeof *plan->scored_blocks, &status, err);
    plan->row_mark = buffer(rows, sizeof *plan->row_mark, &status, err);
    plan->row_scored = buffer(rows, sizeof *plan->row_scored, &status, err);
    if (!status)
        status = zg_pair_map_open(&plan->query_map, limits->max_option_tokens, err);
    if (status)
        zg_batch_plan_close(plan);
    return status;
}

void zg_batch_plan_close(struct zg_batch_plan *plan)
{
    zg_trie_close(&plan->trie);
    zg_pair_map_close(&plan->query_map);
    zg_buffer_free(plan->scored_row);
    zg_buffer_free(plan->normalised);
    zg_buffer_free(plan->normalised_index);
    zg_buffer_free(plan->queries);
    zg_buffer_free(plan->option_begin);
    zg_buffer_free(plan->option_query);
    zg_buffer_free(plan->example_cancels);
    zg_buffer_free(plan->stem_end);
    zg_buffer_free(plan->blocks);
    zg_buffer_free(plan->scored_blocks);
    zg_buffer_free(plan->row_mark);
    zg_buffer_free(plan->row_scored);
    *plan = (struct zg_batch_plan){0};
}

/* ---- rows ----------------------------------------------------------------------------------- */

enum { MARK_SCORED = 1, MARK_NORMALISED = 2 };

static bool option_is_scored(const struct zg_batch_plan *plan, const struct zg_batch *batch,
                             const struct zg_example *example, int64_t option)
{
    return batch->loss == ZG_LOSS_CLASSIFICATION || plan->rules.options || option == example->gold;
}

static bool example_cancels(const struct zg_batch_plan *plan, const struct zg_batch *batch,
                            const struct zg_example *example)
{
    if (!plan->rules.cancel || plan->rules.options || batch->loss != ZG_LOSS_CLASSIFICATION)
        return false;
    for (int64_t o = 0; o < example->n_options; o++)
        if (example->options[o].n_tokens != 1)
            return false;
    return true;
}

/* Asks for p(token | .. row); queries hold the row until scored rows have their numbers. */
static void add_query(struct zg_batch_plan *plan, int64_t row, int32_t token, bool normalised,
                      int64_t *n_tokens)
{
    const int64_t q = zg_pair_map_get(&plan->query_map, row, token, plan->n_queries);
    if (q == plan->n_queries)
        plan->queries[plan->n_queries++] = (struct zg_query){(int32_t)row, token};
    plan->row_mark[row] |= (uint8_t)(MARK_SCORED | (normalised ? MARK_NORMALISED : 0));
    plan->option_query[(*n_tokens)++] = (int32_t)q;
}

/* A row that is new in this build starts unmarked. */
static int64_t next_row(struct zg_batch_plan *plan, int64_t row, int32_t token)
{
    const int64_t n_before = plan->trie.n_rows;
    row = plan->rules.trie ? zg_trie_descend(&plan->trie, row, token)
                           : zg_trie_append(&plan->trie, row, token);
    if (row == n_before)
        plan->row_mark[row] = 0;
    return row;
}

static void add_option_shared(struct zg_batch_plan *plan, const struct zg_option *option,
                              int64_t stem_row, bool normalised, int64_t *n_tokens)
{
    int64_t row = stem_row;
    for (int64_t i = 0; i < option->n_tokens; i++) {
        const bool whole = normalised || (i == 0 && plan->rules.next);
        add_query(plan, row, option->tokens[i], whole, n_tokens);
        if (i + 1 < option->n_tokens)
            row = next_row(plan, row, option->tokens[i]);
    }
}

/* A whole sequence of its own, `n_padded` rows long. */
static void add_option_alone(struct zg_batch_plan *plan, const struct zg_example *example,
                             const struct zg_option *option, int32_t pad_id, int64_t n_padded,
                             bool normalised, int64_t *n_tokens)
{
    int64_t row = -1;
    for (int64_t i = 0; i < example->n_stem; i++)
        row = next_row(plan, row, example->stem[i]);
    for (int64_t i = 0; i < option->n_tokens; i++) {
        const bool whole = normalised || (i == 0 && plan->rules.next);
        add_query(plan, row, option->tokens[i], whole, n_tokens);
        row = next_row(plan, row, option->tokens[i]);
    }
    for (int64_t i = example->n_stem + option->n_tokens; i < n_padded; i++)
        row = next_row(plan, row, pad_id);
}

static int64_t padded_length(const struct zg_batch_plan *plan, const struct zg_batch *batch)
{
    if (plan->rules.ragged)
        return 0;
    int64_t longest = 0;
    for (int64_t e = 0; e < batch->n_examples; e++) {
        const struct zg_example *example = &batch->examples[e];
        for (int64_t o = 0; o < example->n_options; o++)
            if (option_is_scored(plan, batch, example, o))
                longest = zg_max64(longest, example->n_stem + example->options[o].n_tokens);
    }
    return zg_round_up(longest, ZG_PLAN_PAD);
}

static void add_rows(struct zg_batch_plan *plan, const struct zg_batch *batch)
{
    const int64_t n_padded = padded_length(plan, batch);
    int64_t n_tokens = 0;
    for (int64_t e = 0; e < batch->n_examples; e++) {
        const struct zg_example *example = &batch->examples[e];
        const bool cancels = example_cancels(plan, batch, example);
        plan->example_cancels[e] = cancels;
        int64_t stem_row = -1;
        if (plan->rules.trie)
            for (int64_t i = 0; i < example->n_stem; i++)
                stem_row = next_row(plan, stem_row, example->stem[i]);
        for (int64_t o = 0; o < example->n_options; o++) {
            plan->option_begin[plan->n_options++] = n_tokens;
            if (!option_is_scored(plan, batch, example, o))
                continue;
            const struct zg_option *option = &example->options[o];
            if (plan->rules.trie)
                add_option_shared(plan, option, stem_row, !cancels, &n_tokens);
            else
                add_option_alone(plan, example, option, batch->pad_id, n_padded, !cancels,
                                 &n_tokens);
        }
    }
    plan->option_begin[plan->n_options] = n_tokens;
}

/* ---- scored rows and blocks ----------------------------------------------------------------- */

static void number_scored_rows(struct zg_batch_plan *plan)
{
    for (int64_t row = 0; row < plan->trie.n_rows; row++) {
        const bool scored = !plan->rules.scored || (plan->row_mark[row] & MARK_SCORED);
        const bool normalised = !plan->rules.scored || (plan->row_mark[row] & MARK_NORMALISED);
        plan->row_scored[row] = scored ? (int32_t)plan->n_scored : -1;
        if (!scored)
            continue;
        plan->normalised_index[plan->n_scored] = normalised ? (int32_t)plan->n_normalised : -1;
        if (normalised)
            plan->normalised[plan->n_normalised++] = (int32_t)plan->n_scored;
        plan->scored_row[plan->n_scored++] = (int32_t)row;
    }
    for (int64_t q = 0; q < plan->n_queries; q++)
        plan->queries[q].scored = plan->row_scored[plan->queries[q].scored];
}

/* The first query of an example is of its stem's last row: its options begin there. */
static void find_next_rows(struct zg_batch_plan *plan, const struct zg_batch *batch)
{
    int64_t first = 0;
    for (int64_t e = 0; e < batch->n_examples; e++) {
        const struct zg_query *query =
            &plan->queries[plan->option_query[plan->option_begin[first]]];
        plan->stem_end[e] = plan->normalised_index[query->scored];
        first += batch->examples[e].n_options;
    }
}

static int64_t cut_blocks(struct zg_attention_block *blocks, int64_t n_blocks, int64_t segment,
                          int64_t begin, int64_t end)
{
    for (int64_t b = begin; b < end; b += ZG_ATTENTION_BLOCK)
        blocks[n_blocks++] = (struct zg_attention_block){
            (int32_t)segment, (int32_t)b, (int32_t)zg_min64(b + ZG_ATTENTION_BLOCK, end)};
    return n_blocks;
}

static void add_blocks(struct zg_batch_plan *plan)
{
    int64_t scored = 0;
    for (int64_t s = 0; s < plan->trie.n_segments; s++) {
        const struct zg_segment *segment = &plan->trie.segments[s];
        const int64_t row_end = segment->row_begin + segment->n_rows;
        plan->n_blocks = cut_blocks(plan->blocks, plan->n_blocks, s, segment->row_begin, row_end);
        const int64_t scored_begin = scored;
        while (scored < plan->n_scored && plan->scored_row[scored] < row_end)
            scored++;
        plan->n_scored_blocks =
            cut_blocks(plan->scored_blocks, plan->n_scored_blocks, s, scored_begin, scored);
    }
}

void zg_batch_plan_build(struct zg_batch_plan *plan, const struct zg_batch *batch, unsigned wanted)
{
    plan->rules.options = (wanted & ZG_PLAN_OPTIONS) != 0;
    plan->rules.next = (wanted & ZG_PLAN_NEXT) != 0;
    plan->n_scored = plan->n_normalised = plan->n_queries = plan->n_options = 0;
    plan->n_blocks = plan->n_scored_blocks = 0;
    zg_trie_reset(&plan->trie);
    zg_pair_map_reset(&plan->query_map);
    add_rows(plan, batch);
    number_scored_rows(plan);
    if (plan->rules.next)
        find_next_rows(plan, batch);
    add_blocks(plan);
}
