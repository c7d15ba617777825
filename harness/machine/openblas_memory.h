/*
 * openblas_memory.h - is there room for OpenBLAS's buffers?  Asked before it asks: where it gets no
 * memory it tries again for ever, and the first time is before main().
 */
#ifndef ZG_HARNESS_OPENBLAS_MEMORY_H
#define ZG_HARNESS_OPENBLAS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"

/* For a team of n threads, beside what is mapped already.  ZG_ENV: no; the message names the limit.
 * Always ZG_OK in a build without OpenBLAS. */
enum zg_status zg_openblas_memory_try(int64_t n_threads, struct zg_error *err);

/* For a thread on each cpu, which is what OpenBLAS takes as it loads; by system calls alone, for
 * before any library was set up. */
bool zg_openblas_memory_to_load(void);

#endif
