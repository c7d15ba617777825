/*
 * case_id.h - which rows are an engine's on a case: known before any model is opened.
 */
#ifndef ZG_HARNESS_CASE_ID_H
#define ZG_HARNESS_CASE_ID_H

#include "harness/request/case.h"
#include "harness/request/engine_list.h"
#include "harness/rows/case_row.h"

/* The case columns of the item's rows; texts are borrowed from both.  `synthetic`, which the model
 * knows, is not available. */
void zg_case_id(const struct zg_case *c, const struct zg_engine_item *item, int64_t n_threads,
                struct zg_case_row *out);

#endif
