/* across.h - the option --across: columns and options of the algorithm that may differ. */
#ifndef ZG_HARNESS_ACROSS_H
#define ZG_HARNESS_ACROSS_H

#include "harness/request/options.h"

/* Sets request.across from a list of names, the last list alone.  ZG_USAGE: a name that is no case
 * column and no algorithm's option; the message has all that are. */
enum zg_status zg_across_set(void *request, const struct zg_flag *flag, const char *value,
                             struct zg_error *err);

/* The names that it takes: the case columns behind the engine, and all algorithms' options; NULL
 * past the end. */
const char *zg_across_word(int64_t index);

#endif
