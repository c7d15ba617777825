/*
 * bpe.h - the merge table of byte-pair encoding, and the loop that applies it to one word.
 *
 * Knows nothing of bytes, text or files: tokenizer.c turns those into ids.
 */
#ifndef ZG_WORKLOADS_BPE_H
#define ZG_WORKLOADS_BPE_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

struct zg_bpe_slot {
    int32_t left, right; /* left < 0: the slot is free */
    int32_t rank;        /* place in merges.txt; lower merges first */
    int32_t merged;
};

struct zg_bpe { /* open addressing, at most half full */
    struct zg_bpe_slot *slots;
    uint64_t mask;
};

/* An empty table with room for n_merges.  ZG_ENV: no memory. */
enum zg_status zg_bpe_open(struct zg_bpe *bpe, int64_t n_merges, struct zg_error *err);
void zg_bpe_close(struct zg_bpe *bpe);
/* False: the pair is there already. */
bool zg_bpe_add(struct zg_bpe *bpe, int32_t left, int32_t right, int32_t rank, int32_t merged);

/* Working memory for words of up to `capacity` symbols; all zero is empty, grows on demand. */
struct zg_bpe_scratch {
    struct zg_bpe_symbol *symbols; /* [capacity] */
    uint64_t *heap;    /* [3 capacity]: every pair enters once, and each merge makes two more */
    uint64_t *pending; /* [2 capacity] */
    int64_t capacity;
};
void zg_bpe_scratch_free(struct zg_bpe_scratch *scratch);

/* Merges ids[n] in place as far as the table goes and returns the new length in *n.
 *
 * As the reference does it: the pair of lowest rank anywhere in the word is merged at every place
 * it occurs, left to right, before any pair that these merges create is looked at.  (In the merges
 * of a trained tokenizer the order inside a round does not matter; in a hand-made file it can.)
 * O(n log n).  ZG_ENV: no memory. */
enum zg_status zg_bpe_merge(const struct zg_bpe *bpe, int32_t *ids, int64_t *n,
                            struct zg_bpe_scratch *scratch, struct zg_error *err);

#endif
