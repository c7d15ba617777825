/*
 * offered.h - what the engines of this build have between them: a choice that none of them has is
 * said to be none, in place of one engine's refusal.
 */
#ifndef ZG_HARNESS_OFFERED_H
#define ZG_HARNESS_OFFERED_H

#include <stddef.h>

#include "engines/zo.h"

/* ZG_USAGE: no engine of this build has one of the dtypes.  `what`: "--dtype". */
enum zg_status zg_offered_check_dtypes(const char *what, enum zg_dtype dtype, enum zg_dtype dtype_d,
                                       struct zg_error *err);

/* "naive has it", "naive and fused have it", "no engine of this build has it", into text[size]. */
const char *zg_offered_scope(enum zg_scope scope, char *text, size_t size);
const char *zg_offered_kind(enum zg_direction_kind kind, char *text, size_t size);
const char *zg_offered_feature(enum zg_feature feature, char *text, size_t size);

#endif
