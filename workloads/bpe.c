/*
 * bpe.c - merges a word by a heap of candidate pairs; the table of merges is a hash table.
 *
 * A word is a doubly linked list over an array; each symbol stores the rank of the pair that it
 * begins.  Candidates wait in a binary heap of (rank, position) keys, so equal ranks come out left
 * to right.  An entry is stale, and skipped, when its symbol is gone or begins a pair of another
 * rank by now: no entry is ever searched for or removed.
 */
#include "workloads/bpe.h"

#include <stdlib.h>
#include <string.h>

#define NO_RANK INT32_MAX
#define NONE    (-1)

struct zg_bpe_symbol {
    int32_t id; /* NONE: merged into its left neighbour */
    int32_t previous, next;
    int32_t pair_rank; /* of (this, next); NO_RANK: they do not merge */
    int32_t pair_merged;
};

/* The finaliser of MurmurHash3: the ids of a vocabulary are dense and would cluster as they are. */
static uint64_t pair_hash(int32_t left, int32_t right)
{
    uint64_t h = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

static struct zg_bpe_slot *find_slot(const struct zg_bpe *bpe, int32_t left, int32_t right)
{
    uint64_t i = pair_hash(left, right) & bpe->mask;
    while (bpe->slots[i].left >= 0 && (bpe->slots[i].left != left || bpe->slots[i].right != right))
        i = (i + 1) & bpe->mask;
    return &bpe->slots[i];
}

enum zg_status zg_bpe_open(struct zg_bpe *bpe, int64_t n_merges, struct zg_error *err)
{
    uint64_t n_slots = 16;
    while (n_slots < 2 * (uint64_t)n_merges)
        n_slots *= 2;
    bpe->slots = malloc((size_t)n_slots * sizeof *bpe->slots);
    if (!bpe->slots)
        return zg_fail(err, ZG_ENV, "no memory for a table of %lld merges", (long long)n_merges);
    memset(bpe->slots, 0xff, (size_t)n_slots * sizeof *bpe->slots);
    bpe->mask = n_slots - 1;
    return ZG_OK;
}

void zg_bpe_close(struct zg_bpe *bpe)
{
    free(bpe->slots);
    *bpe = (struct zg_bpe){0};
}

bool zg_bpe_add(struct zg_bpe *bpe, int32_t left, int32_t right, int32_t rank, int32_t merged)
{
    struct zg_bpe_slot *slot = find_slot(bpe, left, right);
    if (slot->left >= 0)
        return false;
    *slot = (struct zg_bpe_slot){left, right, rank, merged};
    return true;
}

void zg_bpe_scratch_free(struct zg_bpe_scratch *scratch)
{
    free(scratch->symbols);
    free(scratch->heap);
    free(scratch->pending);
    *scratch = (struct zg_bpe_scratch){0};
}

static enum zg_status reserve(struct zg_bpe_scratch *scratch, int64_t n, struct zg_error *err)
{
    if (n <= scratch->capacity)
        return ZG_OK;
    zg_bpe_scratch_free(scratch);
    const size_t capacity = n < 64 ? 64 : (size_t)n;
    scratch->symbols = malloc(capacity * sizeof *scratch->symbols);
    scratch->heap = malloc(3 * capacity * sizeof *scratch->heap);
    scratch->pending = malloc(2 * capacity * sizeof *scratch->pending);
    if (!scratch->symbols || !scratch->heap || !scratch->pending) {
        zg_bpe_scratch_free(scratch);
        return zg_fail(err, ZG_ENV, "no memory to encode a word of %lld bytes", (long long)n);
    }
    scratch->capacity = (int64_t)capacity;
    return ZG_OK;
}

static uint64_t make_key(int32_t rank, int32_t position)
{
    return (uint64_t)(uint32_t)rank << 32 | (uint32_t)position;
}

static void heap_push(uint64_t *heap, int64_t *n, uint64_t key)
{
    int64_t i = (*n)++;
    while (i > 0 && heap[(i - 1) / 2] > key) {
        heap[i] = heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap[i] = key;
}

static uint64_t heap_pop(uint64_t *heap, int64_t *n)
{
    const uint64_t top = heap[0], last = heap[--*n];
    int64_t i = 0;
    for (int64_t child = 1; child < *n; child = 2 * i + 1) {
        if (child + 1 < *n && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= last)
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

/* Looks up the pair that symbol i begins; true if it merges. */
static bool rate_pair(const struct zg_bpe *bpe, struct zg_bpe_symbol *symbols, int32_t i)
{
    struct zg_bpe_symbol *s = &symbols[i];
    s->pair_rank = NO_RANK;
    if (s->next == NONE)
        return false;
    const struct zg_bpe_slot *slot = find_slot(bpe, s->id, symbols[s->next].id);
    if (slot->left < 0)
        return false;
    s->pair_rank = slot->rank;
    s->pair_merged = slot->merged;
    return true;
}

/* Merges symbol i with its neighbour; appends the candidates that this makes to pending. */
static void merge_at(const struct zg_bpe *bpe, struct zg_bpe_symbol *symbols, int32_t i,
                     uint64_t *pending, int64_t *n_pending)
{
    struct zg_bpe_symbol *s = &symbols[i];
    struct zg_bpe_symbol *gone = &symbols[s->next];
    s->id = s->pair_merged;
    s->next = gone->next;
    gone->id = NONE;
    if (s->next != NONE)
        symbols[s->next].previous = i;
    if (rate_pair(bpe, symbols, i))
        pending[(*n_pending)++] = make_key(s->pair_rank, i);
    if (s->previous != NONE && rate_pair(bpe, symbols, s->previous))
        pending[(*n_pending)++] = make_key(symbols[s->previous].pair_rank, s->previous);
}

enum zg_status zg_bpe_merge(const struct zg_bpe *bpe, int32_t *ids, int64_t *n,
                            struct zg_bpe_scratch *scratch, struct zg_error *err)
{
    if (*n < 2)
        return ZG_OK;
    const enum zg_status status = reserve(scratch, *n, err);
    if (status)
        return status;
    struct zg_bpe_symbol *symbols = scratch->symbols;
    uint64_t *heap = scratch->heap, *pending = scratch->pending;
    int64_t n_heap = 0;
    const int32_t n_symbols = (int32_t)*n;
    for (int32_t i = 0; i < n_symbols; i++)
        symbols[i] = (struct zg_bpe_symbol){
            .id = ids[i], .previous = i - 1, .next = i + 1 < n_symbols ? i + 1 : NONE};
    for (int32_t i = 0; i < n_symbols; i++)
        if (rate_pair(bpe, symbols, i))
            heap_push(heap, &n_heap, make_key(symbols[i].pair_rank, i));

    while (n_heap > 0) {
        const uint64_t round = heap[0] >> 32;
        int64_t n_pending = 0;
        while (n_heap > 0 && heap[0] >> 32 == round) {
            const int32_t i = (int32_t)(heap_pop(heap, &n_heap) & UINT32_MAX);
            if (symbols[i].id != NONE && symbols[i].pair_rank == (int32_t)round)
                merge_at(bpe, symbols, i, pending, &n_pending);
        }
        for (int64_t k = 0; k < n_pending; k++)
            heap_push(heap, &n_heap, pending[k]);
    }

    int64_t n_out = 0;
    for (int32_t i = 0; i != NONE; i = symbols[i].next)
        ids[n_out++] = symbols[i].id;
    *n = n_out;
    return ZG_OK;
}
