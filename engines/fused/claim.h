/*
 * claim.h - a thread's share of a call as a queue that anybody may take from.
 *
 * Equal shares end together only on equal cores.  On shared machines one core is often slower for
 * a while (a neighbour on its other hyperthread costs 20 %), and everybody would wait for it.  So
 * a thread takes pieces from its own queue, large ones first, and then from the others' until all
 * are empty: what it owns it meets in its own caches and on its own node, and the wait at the end
 * is one item.
 */
#ifndef ZG_FUSED_CLAIM_H
#define ZG_FUSED_CLAIM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engines/base/size.h"

struct zg_queue {
    _Alignas(64) _Atomic int64_t next; /* a cache line each: queues are written all the time */
};

/* Before the threads start. */
static inline void zg_queue_reset(struct zg_queue *queue)
{
    atomic_store_explicit(&queue->next, 0, memory_order_relaxed);
}

/* Takes items *begin .. *end - 1 out of a queue of n_items: half of what is left, one at
 * least, and none beyond the next multiple of `stop`.  False: nothing is left.  Relaxed, because
 * items are claimed and nothing is handed over. */
static inline bool zg_queue_claim(struct zg_queue *queue, int64_t n_items, int64_t stop,
                                  int64_t *begin, int64_t *end)
{
    int64_t next = atomic_load_explicit(&queue->next, memory_order_relaxed);
    do {
        if (next >= n_items)
            return false;
        const int64_t size = zg_max64(1, (n_items - next) / 2);
        *begin = next;
        *end = next + zg_min64(size, stop - next % stop);
    } while (!atomic_compare_exchange_weak_explicit(&queue->next, &next, *end, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

#endif
