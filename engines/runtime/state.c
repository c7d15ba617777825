/* state.c - the buffers that an open engine owns. */
#include "engines/runtime/state.h"

#include "engines/base/arena.h"

void *zg_state_take(struct zg_engine_state *s, int64_t n_items, size_t item_size, const char *what,
                    enum zg_status *status, struct zg_error *err)
{
    void *memory = NULL;
    if (*status)
        return NULL;
    if (s->n_owned == (int64_t)(sizeof s->owned / sizeof s->owned[0]))
        *status = zg_fail(err, ZG_ENV, "more buffers than the runtime has room to own");
    else
        *status = zg_buffer_alloc(&memory, n_items, (int64_t)item_size, what, err);
    if (memory)
        s->owned[s->n_owned++] = memory;
    return memory;
}
