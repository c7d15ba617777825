/*
 * trie.h - the prefix tree of a batch's tokens: which rows are equal and need computing only once.
 *
 * A node is a row of the activations; its key is (parent row, token).  Runs of nodes that were made
 * one after the other form *segments*, the unit of attention:
 *
 *     <s> the film was   | great          segment 0: rows 0..3, depth 0
 *     <s> the plot thickens               segment 1: rows 4..5, depth 2, parent 0
 *
 * A segment may leave its parent in the middle: of the parent, only the rows above `depth` are
 * ancestors.  So no segment is ever split, a sequence adds at most one segment, and rows keep their
 * numbers once given.
 */
#ifndef ZG_LAYOUT_TRIE_H
#define ZG_LAYOUT_TRIE_H

#include <stdint.h>

#include "engines/error.h"

/* A hash map from pairs to indices.  Resetting costs nothing: slots carry the generation that wrote
 * them. */
struct zg_pair_map {
    struct zg_pair_slot *slots;
    uint64_t mask; /* capacity - 1 */
    uint32_t generation;
};

/* Room for n_max pairs at a load of at most one half. */
enum zg_status zg_pair_map_open(struct zg_pair_map *map, int64_t n_max, struct zg_error *err);
void zg_pair_map_close(struct zg_pair_map *map);
void zg_pair_map_reset(struct zg_pair_map *map);
/* The value of (a, b); where it is absent, `fresh` is stored and returned. */
int64_t zg_pair_map_get(struct zg_pair_map *map, int64_t a, int32_t b, int64_t fresh);

struct zg_segment {
    int64_t parent;    /* a smaller index, or -1 */
    int64_t row_begin; /* its rows are row_begin .. row_begin + n_rows - 1 */
    int64_t n_rows;    /* >= 1 */
    int64_t depth;     /* of its first row, = its position in the sequence */
};

struct zg_trie {
    int64_t n_rows;
    int64_t n_segments;
    int32_t *row_token;   /* [max_rows] */
    int32_t *row_segment; /* [max_rows] */
    struct zg_segment *segments;
    struct zg_pair_map children;
    int64_t max_rows, max_segments;
};

enum zg_status zg_trie_open(struct zg_trie *trie, int64_t max_rows, int64_t max_segments,
                            struct zg_error *err);
void zg_trie_close(struct zg_trie *trie);
void zg_trie_reset(struct zg_trie *trie);

/* The row of `token` after row `parent` (-1: at the start of a sequence): found, or made. */
int64_t zg_trie_descend(struct zg_trie *trie, int64_t parent, int32_t token);
/* Adds a row that is shared with nobody; `parent` -1 starts a sequence, else it is the last row
 * added. */
int64_t zg_trie_append(struct zg_trie *trie, int64_t parent, int32_t token);

/* Position of a row in its sequence. */
static inline int64_t zg_trie_depth(const struct zg_trie *trie, int64_t row)
{
    const struct zg_segment *s = &trie->segments[trie->row_segment[row]];
    return s->depth + (row - s->row_begin);
}

#endif
