/*
 * naive.h - the state of the loop engine and what its files give each other.
 *
 *     weights.c   all tensors in memory, row-major
 *     perturb.c   dense passes over the weights: W <- keep W + c D
 *     momentum.c  M of LOZO-M, a factor beside each matrix
 *     batch.c     options expanded to sequences, left padding, labels; losses from log p
 *     forward.c   log-probabilities of the labels at the present weights
 *     cost.c      phases and what they execute
 *     engine.c    the ZO interface
 */
#ifndef ZG_NAIVE_NAIVE_H
#define ZG_NAIVE_NAIVE_H

#include "engines/base/narrow.h"
#include "engines/layout/useful.h"
#include "engines/naive/gemm.h"
#include "engines/naive/kernels.h"
#include "engines/zo.h"

/* ---- weights.c ------------------------------------------------------------------------- */

struct zg_naive_weights {
    struct zg_model_shape shape;
    enum zg_dtype dtype; /* of the matrices that multiply, fp32 or bf16; the rest is fp32 */
    int32_t n_tensors;   /* one past the largest id */
    float *values;       /* all fp32 tensors */
    uint16_t *low;       /* all bf16 tensors */
    int64_t *offset;     /* [n_tensors] into either; -1: no such tensor, or a tied head */
    int64_t n_values, n_low;
};

enum zg_status zg_naive_weights_open(struct zg_naive_weights *weights, const struct zg_model *model,
                                     enum zg_dtype dtype, int64_t n_threads,
                                     const struct zg_narrow *narrow, struct zg_error *err);
void zg_naive_weights_close(struct zg_naive_weights *weights);
/* Is the tensor bf16?  Weights of linear layers and the head are, in that dtype; the embedding too,
 * which a tied head is. */
bool zg_naive_is_low(const struct zg_naive_weights *weights, int32_t id);
/* The tensor's values [rows][cols]; the tied head is the embedding.  q, k, v of a layer follow each
 * other. */
float *zg_naive_tensor(const struct zg_naive_weights *weights, int32_t id);
/* The bias that goes with a linear layer's weight or a norm's gain. */
float *zg_naive_bias(const struct zg_naive_weights *weights, int32_t id);
uint16_t *zg_naive_tensor_low(const struct zg_naive_weights *weights, int32_t id);
/* Either, for a product. */
const void *zg_naive_matrix(const struct zg_naive_weights *weights, int32_t id);
/* Columns of all matrices together, each rounded up to 16: what their V^T need.  Where each begins
 * goes to offset [n_tensors], which may be NULL. */
int64_t zg_naive_v_columns(const struct zg_naive_weights *weights, int64_t *offset);

/* ---- batch.c --------------------------------------------------------------------------- */

/* The batch as the official collator makes it: one sequence an option, padded on the left.  Under a
 * language-model loss the gold options alone, unless the scores of all are asked for. */
struct zg_naive_batch {
    bool gold_only;
    int64_t n_sequences;
    int64_t length;    /* of every sequence: the longest, rounded up to a multiple of 8 */
    int32_t *token;    /* [n_sequences][length] */
    int32_t *label;    /* [n_sequences][length]: the token that follows where it counts, else -1 */
    int64_t *n_real;   /* [n_sequences]: tokens that are not padding */
    int64_t *n_option; /* [n_sequences]: of them, the option's */
    int64_t n_examples;
    int64_t
        *stem_end; /* [n_examples] the row of the last token of its stem, in its first sequence */
};

enum zg_status zg_naive_batch_open(struct zg_naive_batch *batch,
                                   const struct zg_engine_limits *limits, struct zg_error *err);
void zg_naive_batch_close(struct zg_naive_batch *batch);
void zg_naive_batch_expand(struct zg_naive_batch *batch, const struct zg_batch *source,
                           bool all_options);
/* Losses of one probe from log_p [n_sequences][length], the log-probability of each label.  `score`
 * [n_sequences] receives the options' means; example_loss [n_examples] may be NULL. */
double zg_naive_batch_loss(const struct zg_naive_batch *batch, const struct zg_batch *source,
                           const double *log_p, double *score, double *example_loss);

/* ---- the state ------------------------------------------------------------------------- */

struct zg_engine_state {
    struct zg_engine_options options; /* settings are not kept */
    const struct zg_naive_kernels *kernels;
    const struct zg_narrow *narrow;
    const struct zg_naive_gemm_library *gemm;
    struct zg_naive_gemm_state *gemm_state;
    struct zg_naive_weights weights;

    struct zg_direction *directions; /* [limits.max_directions] of the last begin() */
    int64_t n_directions;
    bool perturbed; /* the weights are W + coefficient * directions[direction] */
    struct zg_probe perturbation;
    float *vt;          /* V^T of every matrix: [max_rank][columns rounded up to 16] each */
    int64_t *vt_offset; /* [n_tensors] of a matrix's V^T, in columns */
    /* [n_threads][row_stride]: a row of U, a piece of V or of a dense direction, a norm */
    float *row;
    int64_t row_stride;

    float *m;          /* momentum: of a matrix [rows][rank], of a 1-D tensor as it is; or NULL */
    int64_t *m_offset; /* [n_tensors] */
    int64_t m_rank;    /* 0: M is 0 */
    uint64_t m_seed_v; /* of the V that it belongs to */
    double *m_scratch; /* [n_threads][m_stride] */
    int64_t m_stride;

    struct zg_naive_batch batch;
    double *log_p; /* [max_padded_tokens] */
    double *score; /* [max_options] */
    float *x,
        *n; /* [max_padded_tokens][d_model]: residual stream; its norm, and attention's output */
    float *qkv;    /* [max_padded_tokens][3 d_model]; shares memory with ffn */
    float *ffn;    /* [max_padded_tokens][d_ffn] */
    uint16_t *low; /* bf16: [max_padded_tokens][n_in] the next product's x, rounded; else NULL */
    float *logits; /* [logit_rows][ld_logits] */
    int64_t logit_rows, ld_logits;
    float *scratch; /* [n_threads][scratch_stride] of attention */
    int64_t scratch_stride;

    struct zg_useful *useful;
    struct zg_cost cost;
};

/* ---- cost.c ---------------------------------------------------------------------------- */

void zg_naive_phase(const struct zg_engine_state *state, enum zg_phase phase);
void zg_naive_count(struct zg_engine_state *state, enum zg_phase phase, double flops, double bytes);

/* Rows of V that a thread draws at a time: row_stride has room for them. */
#define ZG_NAIVE_PIECE 256

/* ---- perturb.c ------------------------------------------------------------------------- */

/* W <- (1 - decay) W + coefficient D over the scope, regenerating D; decay acts on 2-D tensors, as
 * the official code spares biases and norms. */
void zg_naive_add(struct zg_engine_state *state, const struct zg_direction *direction,
                  float coefficient, float decay, enum zg_phase phase);
/* W <- (1 - decay) W - rate M, of phase UPDATE; V and the scope are the direction's. */
void zg_naive_add_m(struct zg_engine_state *state, const struct zg_direction *direction, float rate,
                    float decay);

/* ---- momentum.c ------------------------------------------------------------------------ */

/* Sizes: floats of M, and doubles of its scratch a thread; 0 where the limits ask for none.  False:
 * too large to count. */
bool zg_naive_m_sizes(const struct zg_naive_weights *weights, const struct zg_engine_limits *limits,
                      int64_t *n_m, int64_t *stride);
/* Where each tensor's M begins. */
void zg_naive_m_place(struct zg_engine_state *state);
/* M <- keep M + sum_i c_i D_{j_i}, of the directions of the last begin(). */
void zg_naive_m_update(struct zg_engine_state *state, const struct zg_update *updates, int64_t n,
                       float keep);

/* ---- forward.c ------------------------------------------------------------------------- */

/* state->log_p of state->batch at the present weights.  next_token [n_examples] of the batch, or
 * NULL: the likeliest token after each stem (zo.h). */
void zg_naive_forward(struct zg_engine_state *state, int32_t *next_token);

#endif
