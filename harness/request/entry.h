/*
 * entry.h - an engine entered in a case: what both say, put together once, before anything is
 * opened.
 */
#ifndef ZG_HARNESS_ENTRY_H
#define ZG_HARNESS_ENTRY_H

#include "harness/request/case.h"
#include "harness/request/engine_list.h"
#include "harness/rows/case_row.h"

struct zg_entry {
    const struct zg_engine_item *item;
    struct zg_engine_options options; /* of open(), all but limits and phases */
    struct zg_case_row id;            /* the case columns of its rows; `synthetic`, which the model
                                         knows, is not available */
};

/* Texts are borrowed from the case and the item. */
void zg_entry_make(struct zg_entry *out, const struct zg_case *c, const struct zg_engine_item *item,
                   int64_t n_threads);

/* Does it keep old updates beside W (mechanism `bank`)?  Does it write weights for a probe, as a
 * training loop does?  Has it a dtype below fp32? */
bool zg_entry_keeps_bank(const struct zg_entry *entry);
bool zg_entry_writes_weights(const struct zg_entry *entry);
bool zg_entry_is_low(const struct zg_entry *entry);

#endif
