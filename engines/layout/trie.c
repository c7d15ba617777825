/*
 * trie.c - grows the tree a token at a time: a child is looked up in a hash map by its parent's row
 * and its token; a new one goes on with the newest segment, or begins one.  Nothing is allocated
 * after open; a lookup is a probe or two into the map.
 */
#include "engines/layout/trie.h"

#include <assert.h>
#include <string.h>

#include "engines/base/arena.h"
#include "engines/base/size.h"

struct zg_pair_slot {
    int64_t a;
    int64_t value;
    int32_t b;
    uint32_t generation;
};

enum zg_status zg_pair_map_open(struct zg_pair_map *map, int64_t n_max, struct zg_error *err)
{
    *map = (struct zg_pair_map){0};
    int64_t least = 0;
    if (!zg_size_mul(n_max, 2, &least) || least > INT64_MAX / 2)
        return zg_fail(err, ZG_ENV, "a hash map of %lld entries does not fit", (long long)n_max);
    int64_t capacity = 16;
    while (capacity < least)
        capacity *= 2;
    void *slots = NULL;
    const enum zg_status status =
        zg_buffer_alloc(&slots, capacity, (int64_t)sizeof(struct zg_pair_slot), "hash map", err);
    if (status)
        return status;
    memset(slots, 0, (size_t)capacity * sizeof(struct zg_pair_slot));
    map->slots = slots;
    map->mask = (uint64_t)capacity - 1;
    map->generation = 1;
    return ZG_OK;
}

void zg_pair_map_close(struct zg_pair_map *map)
{
    zg_buffer_free(map->slots);
    *map = (struct zg_pair_map){0};
}

void zg_pair_map_reset(struct zg_pair_map *map)
{
    if (++map->generation == 0) { /* after 2^32 resets old slots would look young */
        memset(map->slots, 0, (size_t)(map->mask + 1) * sizeof(struct zg_pair_slot));
        map->generation = 1;
    }
}

/* Finaliser of splitmix64: every bit of the pair reaches the low bits that index the table. */
static uint64_t hash_pair(int64_t a, int32_t b)
{
    uint64_t h = (uint64_t)a * 0x9e3779b97f4a7c15u + (uint32_t)b;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    return h ^ (h >> 31);
}

int64_t zg_pair_map_get(struct zg_pair_map *map, int64_t a, int32_t b, int64_t fresh)
{
    for (uint64_t i = hash_pair(a, b) & map->mask;; i = (i + 1) & map->mask) {
        struct zg_pair_slot *slot = &map->slots[i];
        if (slot->generation != map->generation) {
            *slot = (struct zg_pair_slot){a, fresh, b, map->generation};
            return fresh;
        }
        if (slot->a == a && slot->b == b)
            return slot->value;
    }
}

static void *buffer(int64_t n, size_t size, enum zg_status *status, struct zg_error *err)
{
    void *memory = NULL;
    if (!*status)
        *status = zg_buffer_alloc(&memory, n, (int64_t)size, "prefix tree", err);
    return memory;
}

enum zg_status zg_trie_open(struct zg_trie *trie, int64_t max_rows, int64_t max_segments,
                            struct zg_error *err)
{
    *trie = (struct zg_trie){.max_rows = max_rows, .max_segments = max_segments};
    enum zg_status status = ZG_OK;
    trie->row_token = buffer(max_rows, sizeof *trie->row_token, &status, err);
    trie->row_segment = buffer(max_rows, sizeof *trie->row_segment, &status, err);
    trie->segments = buffer(max_segments, sizeof *trie->segments, &status, err);
    if (!status)
        status = zg_pair_map_open(&trie->children, max_rows, err);
    if (status)
        zg_trie_close(trie);
    return status;
}

void zg_trie_close(struct zg_trie *trie)
{
    zg_buffer_free(trie->row_token);
    zg_buffer_free(trie->row_segment);
    zg_buffer_free(trie->segments);
    zg_pair_map_close(&trie->children);
    *trie = (struct zg_trie){0};
}

void zg_trie_reset(struct zg_trie *trie)
{
    trie->n_rows = 0;
    trie->n_segments = 0;
    zg_pair_map_reset(&trie->children);
}

int64_t zg_trie_append(struct zg_trie *trie, int64_t parent, int32_t token)
{
    assert(trie->n_rows < trie->max_rows);
    const int64_t row = trie->n_rows++;
    if (parent < 0 || parent != row - 1) { /* not a continuation of the newest run */
        assert(trie->n_segments < trie->max_segments);
        trie->segments[trie->n_segments++] = (struct zg_segment){
            .parent = parent < 0 ? -1 : trie->row_segment[parent],
            .row_begin = row,
            .depth = parent < 0 ? 0 : zg_trie_depth(trie, parent) + 1,
        };
    }
    trie->segments[trie->n_segments - 1].n_rows++;
    trie->row_token[row] = token;
    trie->row_segment[row] = (int32_t)(trie->n_segments - 1);
    return row;
}

int64_t zg_trie_descend(struct zg_trie *trie, int64_t parent, int32_t token)
{
    const int64_t row = zg_pair_map_get(&trie->children, parent, token, trie->n_rows);
    return row < trie->n_rows ? row : zg_trie_append(trie, parent, token);
}
