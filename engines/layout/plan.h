/*
 * plan.h - how a batch is laid out: its token rows, their segments, and which (row, next token)
 * pairs are scored.
 *
 *     batch --> sequences --> rows in segments (trie.h) --> queries --> option scores --> losses
 *
 * A *query* asks for log p(token | prefix that ends in row).  Equal queries are asked once.  The
 * rows that have a query are the *scored* rows, in ascending order; of these, the *normalised* ones
 * need a log-sum-exp over the vocabulary.  The others belong to examples whose options are one
 * token after one stem: there the normaliser is the same number in all option scores and cancels in
 * the softmax over options (mechanism `cancel`).
 *
 * Building a plan is O(tokens) and allocates nothing.  It knows nothing of weights, probes or
 * threads.
 */
#ifndef ZG_LAYOUT_PLAN_H
#define ZG_LAYOUT_PLAN_H

#include "engines/layout/trie.h"
#include "engines/zo.h"

/* What the mechanisms of those names ask of a layout (zg_mechanism_needs(): which go together). */
struct zg_batch_plan_rules {
    /* Equal prefixes share rows, and the last token of an option gets no row.  Off: one whole
     * sequence per option. */
    bool trie;
    /* Off (only with trie off): all sequences padded on the right to the longest, rounded up to
     * ZG_PLAN_PAD.  Causal attention never looks right, so pads change no loss. */
    bool ragged;
    /* Off: every row counts as scored and normalised. */
    bool scored;
    /* The normaliser may be left out where it cancels. */
    bool cancel;
    /* Scores of all options are wanted: no cancelling, and under an LM loss not the gold ones
     * alone. */
    bool options;
    /* The token that follows each stem is wanted: the row that the stem ends in is normalised. */
    bool next;
};

#define ZG_PLAN_PAD 8

struct zg_query {
    int32_t scored; /* index into scored_row */
    int32_t token;
};

/* A stretch of queries of attention: all in one segment, so they share their keys. */
struct zg_attention_block {
    int32_t segment;
    int32_t begin, end; /* rows, or scored indices */
};
/* Rows: 64 x head_dim of q stays in L1, and one gather of the keys serves 64 rows. */
#define ZG_ATTENTION_BLOCK 64

struct zg_batch_plan {
    struct zg_batch_plan_rules rules;
    struct zg_trie trie;

    int64_t n_scored;
    int32_t *scored_row; /* [n_scored], ascending */
    int64_t n_normalised;
    int32_t *normalised;       /* [n_normalised] ascending indices into scored_row */
    int32_t *normalised_index; /* [n_scored] the inverse, -1 where not normalised */

    int64_t n_queries;
    struct zg_query *queries;
    int64_t n_options;     /* of the batch */
    int64_t *option_begin; /* [n_options + 1] into option_query; empty where not scored */
    int32_t *option_query; /* query of each token of each scored option */
    bool *example_cancels; /* [n_examples] its option scores lack the normaliser */
    int32_t *stem_end;     /* [n_examples] index into normalised of its stem's end, if wanted */

    int64_t n_blocks, n_scored_blocks;
    struct zg_attention_block *blocks;        /* over all rows */
    struct zg_attention_block *scored_blocks; /* over scored rows */

    struct zg_pair_map query_map;
    uint8_t *row_mark;   /* [rows] */
    int32_t *row_scored; /* [rows] scored index, or -1 */
};

/* Sizes everything for batches within `limits`; the later builds have these `rules`, options and
 * next aside. */
enum zg_status zg_batch_plan_open(struct zg_batch_plan *plan, const struct zg_engine_limits *limits,
                                  const struct zg_batch_plan_rules *rules, struct zg_error *err);
void zg_batch_plan_close(struct zg_batch_plan *plan);

/* The most rows that a batch within `limits` can have. */
int64_t zg_batch_plan_max_rows(const struct zg_engine_limits *limits,
                               const struct zg_batch_plan_rules *rules);
int64_t zg_batch_plan_max_scored(const struct zg_engine_limits *limits,
                                 const struct zg_batch_plan_rules *rules);

/* What is wanted beside losses: bits of zg_batch_plan_build(). */
enum { ZG_PLAN_OPTIONS = 1, ZG_PLAN_NEXT = 2 };

/* The batch has passed zg_batch_check().  wanted: bits of the above. */
void zg_batch_plan_build(struct zg_batch_plan *plan, const struct zg_batch *batch, unsigned wanted);

/* Losses and option scores of one probe from its logits and log-sum-exps.
 * logit [n_queries], lse [n_normalised]; example_loss and option_score may be NULL.  Returns the
 * batch loss. */
double zg_batch_plan_loss(const struct zg_batch_plan *plan, const struct zg_batch *batch,
                          const float *logit, const double *lse, double *example_loss,
                          double *option_score);

/* Useful FLOPs (zo.h) of a plan built with all mechanisms and without option scores. */
double zg_batch_plan_useful_flops(const struct zg_batch_plan *plan,
                                  const struct zg_model_shape *shape, const struct zg_probe *probes,
                                  int64_t n_probes, const struct zg_direction *directions);

/* Sum over rows (or scored rows) of the keys that each sees: what attention costs. */
double zg_batch_plan_n_keys(const struct zg_batch_plan *plan, bool scored);

#endif
