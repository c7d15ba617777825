/* activations.h - the rows of a pass, and each thread's scratch; sized in open. */
#ifndef ZG_RUNTIME_ACTIVATIONS_H
#define ZG_RUNTIME_ACTIVATIONS_H

#include <omp.h>
#include <stdint.h>

/* A matrix with padded rows. */
struct zg_matrix {
    float *data;
    int64_t ld;
};
static inline float *zg_row(struct zg_matrix matrix, int64_t row)
{
    return matrix.data + row * matrix.ld;
}

struct zg_activations {
    struct zg_matrix x;      /* residual stream [rows][d] */
    struct zg_matrix h;      /* GEMM inputs of width d, with extras */
    struct zg_matrix wide;   /* q | k | v, or the MLP's inner rows with extras */
    struct zg_matrix scored; /* residual stream of the scored rows */
    struct zg_matrix t;      /* V^T x [rows][V][groups][its rank] */
    struct zg_matrix slice;  /* logits [normalised rows][a slice of the vocabulary] */
    struct zg_matrix moved;  /* [slot][gain, bias] of a norm (vectors.h); none but for scope full */
    float *logit;            /* [probes][queries] */
    float *max;              /* [probes][normalised rows] running maximum */
    double *sum;             /* likewise; the log-sum-exp when the head is done */
    float *next_logit;       /* [probes][examples] the largest so far after its stem */
    int32_t *next_token;     /* likewise: the token that has it */
};

/* A thread's holds what attention gathers, or a stripe of V, or a row's scaled t. */
struct zg_scratch {
    float *data; /* [n_threads][thread_floats] */
    int64_t thread_floats;
    int64_t max_keys; /* columns of gathered keys */
};
/* The calling thread's, inside a parallel region. */
static inline float *zg_scratch_own(const struct zg_scratch *scratch)
{
    return scratch->data + omp_get_thread_num() * scratch->thread_floats;
}

#endif
