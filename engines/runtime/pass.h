/* pass.h - which probes go through the layers together, and how their rows lie. */
#ifndef ZG_RUNTIME_PASS_H
#define ZG_RUNTIME_PASS_H

#include "engines/zo.h"

/*
 * Probes that go through the layers together; rows are slot-major: row i of slot p is p * n + i.
 * Plain: slot p is probe p.
 * Centred: the probes are pairs of opposite coefficients, probe p and probe n_pairs + p.  Slot p is
 * the mean of the two, slot n_pairs + p their half difference (the first's minus the mean), until
 * the final norm gives back the probes' own rows, each in its slot.
 */
struct zg_pass {
    const struct zg_probe *probes;
    int64_t n_probes;
    bool centred;
    bool common; /* the probes are still equal: one copy of each plain row stands for all */
    /* A probe's direction is of scope full: slots differ from the embedding on, and have biases and
     * norms of their own. */
    bool moved;
};

static inline bool zg_pass_is_centred(const struct zg_pass *pass)
{
    return pass->centred && !pass->common;
}
static inline int64_t zg_pass_rows(const struct zg_pass *pass, int64_t rows_per_slot)
{
    return pass->common ? rows_per_slot : pass->n_probes * rows_per_slot;
}

/* The two rows that a thread takes at a time: mean and half difference, or neighbours.  The last
 * row of an odd number comes twice. */
struct zg_two {
    int64_t first, second;
};
static inline struct zg_two zg_pass_two(const struct zg_pass *pass, int64_t n_rows, int64_t i)
{
    if (zg_pass_is_centred(pass))
        return (struct zg_two){i, n_rows / 2 + i};
    return (struct zg_two){2 * i, 2 * i + 1 < n_rows ? 2 * i + 1 : 2 * i};
}

#endif
