/*
 * ladder.h - the rungs from the training loop to the inference-style runtime, one mechanism at a
 * time: which engines to measure, and what each rung adds to the one before.
 *
 *     struct zg_ladder ladder;
 *     const struct zg_ladder_request request = {.loop = "naive", .runtime = "fused"};
 *     status = zg_ladder_make(&ladder, &request, &err);
 *     ... measure the engines of ladder.engines ...
 *
 * A rung is an item of --engines, so every row of a ladder can be measured alone, by `zogap run`:
 * naive, fused:mechanisms=none, fused:mechanisms=adapter, fused:mechanisms=adapter+lazy, ...
 *
 * The order is that of the table in ladder.c, unless the request gives another.  It starts with the
 * two rungs of the ladder in the paper's authors' own code (dense writes of the weights in a step:
 * 4, 1, 0), goes on with what their runtime has besides, then with what it has not.  A dtype below
 * fp32 comes last: first the dtype alone, then `centred`, then the half differences' own dtype.
 */
#ifndef ZG_HARNESS_LADDER_H
#define ZG_HARNESS_LADDER_H

#include "harness/request/engine_list.h"

enum { ZG_MAX_RUNGS = ZG_MAX_ENGINES };

struct zg_rung {
    /* "loop", "runtime", "lazy", "trie+last", "precision", "difference"; leaving one out: "loop",
     * "full", "-lazy" */
    char name[96];
    char label[96];      /* what it changes, for people */
    char item[320];      /* of --engines */
    uint32_t mechanisms; /* in use */
    uint32_t changed; /* added to the rung before; leaving one out: taken from the full runtime */
    enum zg_dtype dtype, dtype_d;
    int dense_writes; /* of all perturbed weights, a step */
    /* Has the paper's runtime what this rung adds?  1, 0, or ZG_NO_INTEGER where it adds no
     * mechanism: loop, runtime, full. */
    int64_t paper_has;
};

struct zg_ladder {
    bool leave_one_out;
    struct zg_rung rungs[ZG_MAX_RUNGS]; /* the loop first */
    int64_t n_rungs;
    char engines[ZG_MAX_RUNGS * 192]; /* all items, as --engines takes them */
};

struct zg_ladder_request {
    const char *loop;    /* an item of --engines */
    const char *runtime; /* likewise, without mechanisms= */
    /* Rungs cut by commas, each of mechanisms joined by +, and `precision`; NULL: the table's,
     * those that the runtime has on by default.  The last rung has what is listed and no more. */
    const char *order;
    bool leave_one_out;           /* the loop, the full runtime, and it without each rung in turn */
    enum zg_dtype dtype, dtype_d; /* of the last rung, unless the runtime's item says dtype= */
};

/* ZG_USAGE: an item that is none, an order that names a mechanism before what it needs, twice, or
 * one that the runtime has not; more than ZG_MAX_RUNGS. */
enum zg_status zg_ladder_make(struct zg_ladder *out, const struct zg_ladder_request *request,
                              struct zg_error *err);

#endif
