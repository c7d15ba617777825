/*
 * lowrank.h - the nearby weight states: the step's directions, how far A and the bank are, and what
 * of it the panels hold as adapter columns (adapter.c, bank.c).
 *
 * The factors themselves lie beside the panels that they belong to (layers.h).
 */
#ifndef ZG_RUNTIME_LOWRANK_H
#define ZG_RUNTIME_LOWRANK_H

#include "engines/runtime/layers.h"
#include "engines/zo.h"

/* Rows of U or V that a thread generates at a time: V's go through its scratch. */
#define ZG_STRIPE 64

struct zg_lowrank {
    struct zg_direction *directions; /* [n_directions] of the last begin() */
    int64_t n_directions;
    int64_t n_v;      /* present V: 1, or with feature own_v as many as the directions have */
    uint64_t *seed_v; /* [n_v] */
    int64_t *v_of;    /* [n_directions] which of them is a direction's */
    int64_t rank;     /* of each */
    bool have_v;
    bool a_live; /* the present A are not zero */

    int64_t n_bank;    /* V that are kept with their A; 0 unless mechanism `bank` */
    int64_t *v_rank;   /* [n_bank + n_v] of each V, the present ones last */
    int64_t bank_rank; /* the bank's ranks together */

    bool extras_stale; /* the panels' adapter columns are not those of A and U */
    int64_t n_extra;   /* columns per group that the panels hold */
    int64_t n_synced;  /* the bank's among them, which do not change any more */
    float *extra;      /* scratch of one panel's columns */
    float *v;          /* scratch: one group's V, [n_in][rank] */
    float *zeros;      /* [rows of a panel][rank] for the visits that change nothing; or NULL */
    /* [groups q, k, v][direction * rank][ldu] scaled U of layer 0, transposed, for `common` */
    float *ut;
    int64_t ldu;

    /* Scope full: [max_directions][n_vector_floats] scaled z of the 1-D tensors.  So many
     * directions have theirs; 0 where all are of scope linear. */
    float *z;
    int64_t n_z;
    float *slice_ut;   /* scratch: A and U of a slice of the head's rows, transposed (logits.c) */
    int64_t m_rank;    /* momentum: of M, 0 where M is 0 */
    uint64_t m_seed_v; /* of the V that M belongs to */
    float *m_vectors;  /* [n_vector_floats] of the 1-D tensors; NULL unless open for full too */
    double *m_scratch; /* [n_threads][m_stride]; NULL unless open for momentum */
    int64_t m_stride;

    int32_t written_direction; /* adapter off: what is written into the weights now */
    float written_coefficient;
};

/* The v-th of the present V and A. */
static inline float *zg_present_vt(const struct zg_lowrank *low, const struct zg_linear *linear,
                                   int64_t v)
{
    return linear->vt + linear->shape.n_groups * (low->bank_rank + v * low->rank) * linear->ldv;
}
static inline float *zg_present_a(const struct zg_lowrank *low, const struct zg_linear *linear,
                                  int64_t v)
{
    return linear->a +
           linear->shape.n_groups * linear->shape.n_out * (low->bank_rank + v * low->rank);
}
static inline float *zg_table_vt(const struct zg_lowrank *low, const struct zg_table *table,
                                 int64_t v)
{
    return table->vt + (low->bank_rank + v * low->rank) * table->ldv;
}
static inline float *zg_table_a(const struct zg_lowrank *low, const struct zg_table *table,
                                int64_t v)
{
    return table->a + table->n_rows * (low->bank_rank + v * low->rank);
}
/* V that have columns in the panels: the bank's, and the present ones where their A are not
 * zero. */
static inline int64_t zg_n_kept(const struct zg_lowrank *low)
{
    return low->n_bank + (low->a_live ? low->n_v : 0);
}
/* Their ranks together. */
static inline int64_t zg_kept_rank(const struct zg_lowrank *low)
{
    return low->bank_rank + (low->a_live ? low->n_v * low->rank : 0);
}

#endif
